import { PlaygroundError } from '../lib/errors.ts';
import { fileStem } from './found-file.ts';

/** What says which clips belong together, so that they are held out together. Plain JSON, saved with what used it. */
export type Grouping =
  | 'speaker'
  | 'label'
  /** The folder that the file lies in. */
  | 'folder'
  /** A further column of the CSV, by its heading. */
  | { readonly column: string }
  /** A part of the file's name between separators, counted from 1. */
  | { readonly namePart: number }
  /** A regular expression on the path: its first group in brackets, else all that it matches. */
  | { readonly pattern: string };

/** What is known of a clip when it is grouped. */
export interface GroupedClip {
  readonly path: string;
  readonly label: string | null;
  readonly speaker: string | null;
  readonly columns?: Readonly<Record<string, string>>;
}

/** A grouping that divides these clips. */
export interface GroupingChoice {
  readonly grouping: Grouping;
  /** E.g. `speaker` or `part 2 of the file name`. */
  readonly title: string;
  readonly groups: number;
  /** Names of the first few, in order. */
  readonly examples: readonly string[];
}

/** The pattern is no regular expression. */
export class GroupPatternError extends PlaygroundError {
  override readonly name: string = 'GroupPatternError';
  constructor(pattern: string, options?: ErrorOptions) {
    super(
      `“${pattern}” is no regular expression, so the clips cannot be grouped by it. For files like 03a01Wa.wav, ^\\d\\d(...) groups by the third to fifth character.`,
      options,
    );
  }
}

/** In words, as in “one … left out at a time”. */
export function groupingWords(grouping: Grouping): string {
  if (typeof grouping === 'string') return grouping;
  if ('column' in grouping) return `“${grouping.column}” of the CSV`;
  if ('namePart' in grouping) return `part ${grouping.namePart} of the file name`;
  return `match of ${grouping.pattern} in the path`;
}

/** Gives the group of a clip, null where it has none. @throws GroupPatternError */
export function groupReader(grouping: Grouping): (clip: GroupedClip) => string | null {
  if (grouping === 'speaker' || grouping === 'label') return (clip) => clip[grouping];
  if (grouping === 'folder') return ({ path }) => folderOf(path);
  if ('column' in grouping) return ({ columns }) => columns?.[grouping.column] ?? null;
  if ('namePart' in grouping) return ({ path }) => nameParts(path)[grouping.namePart - 1] ?? null;
  const expression = compile(grouping.pattern);
  return ({ path }) => {
    const match = expression.exec(path);
    return match ? (match[1] ?? match[0]) : null;
  };
}

const EXAMPLES = 3;

/**
 * The groupings that say something about these clips: every clip has a group, there are at least two groups, and at most
 * half as many as clips. Those that only say again what `known` says (the class to be predicted) are left out.
 */
export function groupingChoices(
  clips: readonly GroupedClip[],
  known: (clip: GroupedClip) => string | null,
): GroupingChoice[] {
  const columns = new Set(clips.flatMap((clip) => Object.keys(clip.columns ?? {})));
  const parts = clips.reduce((least, { path }) => Math.min(least, nameParts(path).length), Infinity);
  const candidates: readonly Grouping[] = [
    'speaker',
    'label',
    ...[...columns].map((column) => ({ column })),
    'folder',
    ...Array.from({ length: Number.isFinite(parts) ? parts : 0 }, (_, i) => ({ namePart: i + 1 })),
  ];
  const answer = clips.map(known);
  const seen: (readonly (string | null)[])[] = [answer];
  return candidates.flatMap((grouping): GroupingChoice[] => {
    const groups = clips.map(groupReader(grouping));
    const names = [...new Set(groups.flatMap((name) => name ?? []))].sort();
    const divides = names.length >= 2 && names.length <= clips.length / 2 && !groups.includes(null);
    // The same division again, as where the speaker stands in the name, would only lengthen the list.
    if (!divides || seen.some((other) => isSameDivision(groups, other))) return [];
    seen.push(groups);
    const examples = names.slice(0, EXAMPLES);
    return [{ grouping, title: groupingWords(grouping), groups: names.length, examples }];
  });
}

function isSameDivision(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  const there = new Map<string | null, string | null>();
  const back = new Map<string | null, string | null>();
  return a.every((x, i) => {
    const y = b[i]!;
    if ((there.has(x) && there.get(x) !== y) || (back.has(y) && back.get(y) !== x)) return false;
    there.set(x, y);
    back.set(y, x);
    return true;
  });
}

function folderOf(path: string): string | null {
  const end = path.lastIndexOf('/');
  return end < 0 ? null : path.slice(0, end);
}

function nameParts(path: string): readonly string[] {
  return fileStem(path)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '');
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    throw new GroupPatternError(pattern, { cause: error });
  }
}
