import { PlaygroundError } from '../lib/errors.ts';
import { count, splitFromWord, type CsvTable } from './csv.ts';
import { matchCsv } from './csv-match.ts';
import { compareCodePoints } from './found-file.ts';
import { detectFileNames, detectScheme, LABEL_SCHEMES, labelScheme, type LabelScheme } from './naming.ts';
import type { Reject, Split, Utterance } from './utterance.ts';

/** What is known of an audio file before its samples are read. */
export interface ClipFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** From its header, when that has been read. */
  readonly durationSec?: number | null;
}

export interface BuildRequest {
  /** Name of the folder. */
  readonly name: string;
  readonly clips: readonly ClipFile[];
  readonly tables?: readonly CsvTable[];
  /** A scheme's id, `auto`, or labels of one's own by path. */
  readonly labels?: string | Readonly<Record<string, string>>;
}

export interface BuiltDataset {
  /** In code-point order of their paths. */
  readonly utterances: readonly Utterance[];
  /** Files that a CSV names and the folder does not hold. */
  readonly rejects: readonly Reject[];
  /** `detected` is false when the person chose it. */
  readonly scheme: { readonly id: string; readonly title: string; readonly detected: boolean };
  readonly notices: readonly string[];
}

/** A labelling scheme that nobody has heard of. */
export class UnknownSchemeError extends PlaygroundError {
  override readonly name: string = 'UnknownSchemeError';
}

/**
 * Gives every clip its label, speaker and split. Pure and quick (20,000 clips in a fraction of a second), so that
 * changing the scheme is just calling it again; nothing about the clips themselves changes.
 * @throws {UnknownSchemeError} for a scheme's id that is not in the table.
 */
export function buildDataset(request: BuildRequest): BuiltDataset {
  const { labels = 'auto' } = request;
  const clips = request.clips.toSorted((a, b) => compareCodePoints(a.path, b.path));
  const paths = clips.map(({ path }) => path);
  const csv = matchCsv(request.tables ?? [], paths, request.name);
  const own = typeof labels === 'string' ? null : new Map(Object.entries(labels));
  const detected = labels === 'auto' ? detectScheme(paths, (path) => csv.rowOf(path)) : null;
  const scheme = typeof labels === 'string' ? (detected ?? chosenScheme(labels)) : OWN_LABELS;
  const names = detectFileNames(paths);
  const folderSplits = splitsOfFolders(paths);

  const utterances = clips.map(({ path, sizeBytes, durationSec = null }): Utterance => {
    const row = csv.rowOf(path);
    const reading = own ? { label: own.get(path) ?? null, speaker: null } : scheme.read(path, row);
    // A speaker that the scheme does not tell is taken from where it stands: the table, or the file's name.
    const speaker = reading?.speaker ?? row?.speaker ?? names?.read(path, row)?.speaker ?? null;
    const split = row?.split ?? folderSplits?.(path) ?? null;
    const columns = row?.columns;
    return {
      path,
      sizeBytes,
      durationSec,
      label: reading?.label ?? null,
      speaker,
      split,
      ...(columns ? { columns } : {}),
    };
  });

  const notices = [...csv.notices];
  const unlabelled = utterances.filter(({ label }) => label === null).length;
  if (unlabelled > 0 && scheme.id !== 'none' && scheme.id !== 'csv')
    notices.push(
      `${count(unlabelled, 'clip')} of ${utterances.length} ${unlabelled === 1 ? 'has' : 'have'} no label by “${scheme.title}”, for example ${utterances.find(({ label }) => label === null)!.path}.`,
    );
  return {
    utterances,
    rejects: csv.missing,
    scheme: { id: scheme.id, title: titleOf(scheme, names), detected: detected !== null },
    notices,
  };
}

const OWN_LABELS: LabelScheme = {
  id: 'own',
  title: 'Labels given by the script',
  example: '',
  fromFileName: false,
  read: () => null,
};

function chosenScheme(id: string): LabelScheme {
  const scheme = labelScheme(id);
  if (!scheme)
    throw new UnknownSchemeError(
      `There is no labelling scheme “${id}”. Known ones: auto, ${LABEL_SCHEMES.map((known) => known.id).join(', ')}.`,
    );
  return scheme;
}

function titleOf(scheme: LabelScheme, names: LabelScheme | null): string {
  return scheme.id === 'folder' && names
    ? `${scheme.title}; speakers from ${names.title} file names`
    : scheme.title;
}

/** Reads the split from the outermost folder, when that is train/validation/test for every clip. */
function splitsOfFolders(paths: readonly string[]): ((path: string) => Split | null) | null {
  const splitOf = (path: string): Split | null =>
    path.includes('/') ? splitFromWord(path.slice(0, path.indexOf('/'))) : null;
  const found = new Set(paths.map(splitOf));
  return found.size > 1 && !found.has(null) ? splitOf : null;
}
