import Papa from 'papaparse';
import type { Split } from './utterance.ts';

/** One line of a table of labels; everything stays text, so `007` keeps its zeros. */
export interface CsvRow {
  /** As written in the table. */
  readonly path: string;
  readonly label: string | null;
  readonly speaker: string | null;
  readonly split: Split | null;
  /** Further columns by their headings: those by which clips can be grouped. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** A table as read, before its paths are matched with files. */
export interface CsvTable {
  /** Path of the table itself. */
  readonly path: string;
  readonly rows: readonly CsvRow[];
  /** What is odd about it, in sentences. */
  readonly notices: readonly string[];
}

type Column = 'path' | 'label' | 'speaker' | 'split';

/** Column names that mean the same, the best first; compared without case, spaces, `_` and `-`. */
const SYNONYMS: Readonly<Record<Column, readonly string[]>> = {
  path: words(
    'path filepath file filename fname relativepath audiopath audiofile audiofilename audio wavpath wavfile wavfilename wav clippath clip slicefilename utterance utteranceid recording recordingid sound soundfile name id',
  ),
  label: words(
    'label labels class classname classlabel emotion emotionlabel category sentiment diagnosis condition command word digit keyword accent language gesture group tag event target y',
  ),
  speaker: words(
    'speaker speakerid speakername spk spkid actor actorid actress client clientid subject subjectid participant participantid patient patientid person personid talker voice singer',
  ),
  split: words('split subset set partition fold usage purpose'),
};

const SPLITS: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  tr: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  devel: 'validation',
  development: 'validation',
  test: 'test',
  testing: 'test',
  eval: 'test',
  evaluation: 'test',
};

/** The part that a word names (`dev` → `validation`), or null. */
export function splitFromWord(word: string): Split | null {
  return SPLITS[word.trim().toLowerCase()] ?? null;
}

const AUDIO_NAME = /\.(?:wav|wave|flac|mp3|ogg|oga|opus|m4a|mp4|aac|webm|aif|aiff|aifc|caf|sph|w64)$/i;
const DELIMITERS = [',', ';', '\t', '|'];

/** Text of a table: UTF-8, UTF-16 with its mark, else Windows-1252, as spreadsheets write them. */
export function decodeTableText(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : null;
  if (encoding) return new TextDecoder(encoding).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/**
 * Reads a table of labels. The separator (comma, semicolon, tab) and the columns are found out; without a heading the
 * order is `path,label[,speaker][,split]`.
 * @returns null when it has no column of paths with anything beside it: a table about something else.
 */
export function parseCsv(text: string, path: string): CsvTable | null {
  const parsed = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    delimitersToGuess: DELIMITERS,
    skipEmptyLines: 'greedy',
    dynamicTyping: false,
  });
  const [first] = parsed.data;
  if (!first) return null;
  const heading = columnsOf(first);
  const columns = heading ?? (first.length > 1 && AUDIO_NAME.test(first[0]!.trim()) ? IN_ORDER : null);
  if (!columns) return null;

  const cell = (row: readonly string[], column: Column): string | null => {
    const index = columns[column];
    return unguard((index === undefined ? '' : (row[index] ?? '')).trim()) || null;
  };
  const further = heading ? groupingColumns(parsed.data, heading) : [];
  const notices: string[] = [];
  const unknownSplits = new Set<string>();
  let nameless = 0;
  const rows: CsvRow[] = [];
  for (const row of heading ? parsed.data.slice(1) : parsed.data) {
    const rowPath = cell(row, 'path');
    if (rowPath === null) {
      nameless += 1;
      continue;
    }
    const word = cell(row, 'split');
    const split = word === null ? splitOfTable(path) : splitFromWord(word);
    if (word !== null && split === null) unknownSplits.add(word);
    const others = further.flatMap(({ name, index }) => {
      const value = (row[index] ?? '').trim();
      return value === '' ? [] : [[name, value] as const];
    });
    rows.push({
      path: rowPath,
      label: cell(row, 'label'),
      speaker: cell(row, 'speaker'),
      split,
      ...(others.length > 0 ? { columns: Object.fromEntries(others) } : {}),
    });
  }
  const broken = parsed.errors.find(({ type }) => type === 'Quotes');
  if (broken)
    notices.push(
      `${path}: a quotation mark is not closed properly${broken.row === undefined ? '' : ` near line ${broken.row + 1}`}; rows after it may have been read as one.`,
    );
  if (nameless > 0)
    notices.push(
      `${path}: ${count(nameless, 'row')} without a path ${nameless === 1 ? 'was' : 'were'} passed over.`,
    );
  if (unknownSplits.size > 0)
    notices.push(
      `${path}: the split ${[...unknownSplits]
        .slice(0, 5)
        .map((word) => `“${word}”`)
        .join(', ')} is none of train, validation, test; those clips count as having none.`,
    );
  return { path, rows, notices };
}

const IN_ORDER: Readonly<Partial<Record<Column, number>>> = { path: 0, label: 1, speaker: 2, split: 3 };

/** Where the columns are, by the heading; null when the first row is no heading of such a table. */
function columnsOf(heading: readonly string[]): Readonly<Partial<Record<Column, number>>> | null {
  const names = heading.map((name) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
  const find = (column: Column): number | undefined => {
    for (const synonym of SYNONYMS[column]) if (names.includes(synonym)) return names.indexOf(synonym);
    return undefined;
  };
  const path = find('path');
  const label = find('label');
  const speaker = find('speaker');
  const split = find('split');
  if (path === undefined || (label === undefined && speaker === undefined && split === undefined))
    return null;
  return {
    path,
    ...(label === undefined ? {} : { label }),
    ...(speaker === undefined ? {} : { speaker }),
    ...(split === undefined ? {} : { split }),
  };
}

/** Columns that our own export adds, of use to nobody as groups. */
const BOOKKEEPING = new Set(['original_label', 'corrected_at']);

/** Columns beside the known ones by which clips can be grouped: two values at least, and on average two rows each. */
function groupingColumns(
  [names = [], ...rows]: readonly (readonly string[])[],
  known: Readonly<Partial<Record<Column, number>>>,
): readonly { readonly name: string; readonly index: number }[] {
  const taken = new Set(Object.values(known));
  return names.flatMap((written, index) => {
    const name = written.trim();
    const isRepeated = names.findIndex((other) => other.trim() === name) !== index;
    if (name === '' || isRepeated || taken.has(index) || BOOKKEEPING.has(name)) return [];
    const values = new Set(rows.map((row) => (row[index] ?? '').trim()));
    values.delete('');
    return values.size >= 2 && values.size <= rows.length / 2 ? [{ name, index }] : [];
  });
}

/** `meta/train.csv` is about the training part. */
function splitOfTable(path: string): Split | null {
  return splitFromWord(path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, ''));
}

/** Takes off the apostrophe that keeps a spreadsheet from running the cell as a formula. */
function unguard(cell: string): string {
  return /^'[=+\-@]/.test(cell) ? cell.slice(1) : cell;
}

function words(text: string): readonly string[] {
  return text.split(' ');
}

/** `1 row`, `2 rows`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
