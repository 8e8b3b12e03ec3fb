import type { CsvRow } from './csv.ts';
import { fileStem } from './found-file.ts';

/** What a scheme reads of one clip. */
export interface Reading {
  readonly label: string | null;
  readonly speaker: string | null;
}

/** A habit of naming recordings: one row of {@link LABEL_SCHEMES}. */
export interface LabelScheme {
  readonly id: string;
  readonly title: string;
  /** A path (or a line) that it reads. */
  readonly example: string;
  /** A file-name habit can be recognised from the names alone, and tells speakers to the folder and CSV schemes. */
  readonly fromFileName: boolean;
  /** Null when the path is not of this habit. */
  read(path: string, row: CsvRow | null): Reading | null;
}

/** A scheme that matches the file's name without extension against a pattern. */
function fileNames(
  scheme: Pick<LabelScheme, 'id' | 'title' | 'example'>,
  pattern: RegExp,
  read: (groups: Readonly<Record<string, string>>, path: string) => Reading | null,
): LabelScheme {
  return {
    ...scheme,
    fromFileName: true,
    read(path) {
      const groups = pattern.exec(fileStem(path))?.groups;
      return groups ? read(groups, path) : null;
    },
  };
}

const CREMA_D_EMOTIONS: Readonly<Record<string, string>> = {
  ANG: 'anger',
  DIS: 'disgust',
  FEA: 'fear',
  HAP: 'happy',
  NEU: 'neutral',
  SAD: 'sad',
};
const RAVDESS_EMOTIONS = ['neutral', 'calm', 'happy', 'sad', 'angry', 'fearful', 'disgust', 'surprised'];
const EMO_DB_EMOTIONS: Readonly<Record<string, string>> = {
  W: 'anger',
  L: 'boredom',
  E: 'disgust',
  A: 'fear',
  F: 'happiness',
  T: 'sadness',
  N: 'neutral',
};
const SAVEE_EMOTIONS: Readonly<Record<string, string>> = {
  a: 'anger',
  d: 'disgust',
  f: 'fear',
  h: 'happiness',
  n: 'neutral',
  sa: 'sadness',
  su: 'surprise',
};

/**
 * Every known way of reading labels. A new habit is one row; file-name habits are tried in this order.
 * Sources: the corpora's own descriptions of their file names.
 */
export const LABEL_SCHEMES: readonly LabelScheme[] = [
  {
    id: 'csv',
    title: 'CSV file',
    example: 'path,label[,speaker][,split]',
    fromFileName: false,
    read: (_path, row) => row && { label: row.label, speaker: row.speaker },
  },
  {
    id: 'folder',
    title: 'Parent folder',
    example: 'angry/anna_01.wav',
    fromFileName: false,
    read: (path) => withFolder(path, 1, (label) => ({ label, speaker: null })),
  },
  {
    id: 'speaker-folder',
    title: 'Speaker folder, then label folder',
    example: 'anna/angry/01.wav',
    fromFileName: false,
    read: (path) => withFolder(path, 2, (speaker, label) => ({ label, speaker })),
  },
  {
    id: 'label-folder',
    title: 'Label folder, then speaker folder',
    example: 'angry/anna/01.wav',
    fromFileName: false,
    read: (path) => withFolder(path, 2, (label, speaker) => ({ label, speaker })),
  },
  fileNames(
    { id: 'crema-d', title: 'CREMA-D', example: '1001_DFA_ANG_XX.wav' },
    /^(?<speaker>1\d{3})_[A-Z]{3}_(?<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(?:LO|MD|HI|XX?)$/,
    ({ speaker, emotion }) => ({ label: CREMA_D_EMOTIONS[emotion!]!, speaker: speaker! }),
  ),
  fileNames(
    { id: 'ravdess', title: 'RAVDESS', example: '03-01-05-01-02-01-12.wav' },
    /^0[1-3]-0[12]-0(?<emotion>[1-8])-0[12]-0[12]-0[12]-(?<actor>\d\d)$/,
    ({ emotion, actor }) => ({ label: RAVDESS_EMOTIONS[Number(emotion) - 1]!, speaker: actor! }),
  ),
  fileNames(
    { id: 'emo-db', title: 'EMO-DB', example: '03a01Wa.wav' },
    /^(?<speaker>\d\d)[ab]\d\d(?<emotion>[WLEAFTN])[a-z]?$/,
    ({ speaker, emotion }) => ({ label: EMO_DB_EMOTIONS[emotion!]!, speaker: speaker! }),
  ),
  fileNames(
    { id: 'tess', title: 'TESS', example: 'OAF_back_angry.wav' },
    /^(?<speaker>OAF?|YAF)_.+_(?<emotion>angry|disgust|fear|happy|neutral|ps|sad)$/i,
    ({ speaker, emotion }) => {
      const word = emotion!.toLowerCase();
      // One file of the corpus is spelt OA_bite_neutral.
      return { label: word === 'ps' ? 'surprise' : word, speaker: speaker === 'YAF' ? 'YAF' : 'OAF' };
    },
  ),
  fileNames(
    { id: 'savee', title: 'SAVEE', example: 'DC/a01.wav or DC_a01.wav' },
    /^(?:(?<speaker>DC|JE|JK|KL)_)?(?<emotion>sa|su|[adfhn])\d\d$/,
    ({ speaker, emotion }, path) => {
      const actor = speaker ?? folders(path).findLast((folder) => /^(?:DC|JE|JK|KL)$/.test(folder));
      return actor === undefined ? null : { label: SAVEE_EMOTIONS[emotion!]!, speaker: actor };
    },
  ),
  fileNames(
    { id: 'fsdd', title: 'FSDD, AudioMNIST (digits)', example: '7_jackson_32.wav' },
    /^(?<digit>\d)_(?<speaker>[^_]+)_\d+$/,
    ({ digit, speaker }) => ({ label: digit!, speaker: speaker! }),
  ),
  fileNames(
    { id: 'fsdd-speakers', title: 'FSDD, AudioMNIST (speakers as labels)', example: '7_jackson_32.wav' },
    /^\d_(?<speaker>[^_]+)_\d+$/,
    ({ speaker }) => ({ label: speaker!, speaker: speaker! }),
  ),
  fileNames(
    { id: 'speech-commands', title: 'Speech Commands', example: 'yes/0a7c2a8d_nohash_0.wav' },
    /^(?<speaker>[0-9a-f]{8})_nohash_\d+$/,
    ({ speaker }, path) => withFolder(path, 1, (label) => ({ label, speaker: speaker! })),
  ),
  fileNames(
    { id: 'librispeech', title: 'LibriSpeech (speakers as labels)', example: '84-121123-0001.flac' },
    /^(?<speaker>\d+)-\d+-\d{4}$/,
    ({ speaker }) => ({ label: speaker!, speaker: speaker! }),
  ),
  fileNames(
    { id: 'vctk', title: 'VCTK (speakers as labels)', example: 'p225_001_mic1.flac' },
    /^(?<speaker>p\d{3}|s5)_\d{3}(?:_mic[12])?$/,
    ({ speaker }) => ({ label: speaker!, speaker: speaker! }),
  ),
  {
    id: 'none',
    title: 'No labels',
    example: 'clip.wav',
    fromFileName: false,
    read: () => ({ label: null, speaker: null }),
  },
];

export function labelScheme(id: string): LabelScheme | undefined {
  return LABEL_SCHEMES.find((scheme) => scheme.id === id);
}

/** Share of the files that a habit must read before it is believed. */
const SHARE = 0.9;

/** The file-name habit that these paths have, or null. */
export function detectFileNames(paths: readonly string[]): LabelScheme | null {
  if (paths.length === 0) return null;
  return (
    LABEL_SCHEMES.find((scheme) => {
      if (!scheme.fromFileName) return false;
      let misses = Math.floor(paths.length * (1 - SHARE) + 1e-9);
      return paths.every((path) => scheme.read(path, null) !== null || misses-- > 0);
    }) ?? null
  );
}

/**
 * The scheme that fits these clips: a CSV that names at least half of them; a known file-name habit; the parent
 * folders. Folders go before the file names where both say the same in other words (`Angry/03a04Wc.wav`): they are
 * the person's own.
 */
export function detectScheme(
  paths: readonly string[],
  rowOf: (path: string) => CsvRow | null = () => null,
): LabelScheme {
  const rows = paths.reduce((count, path) => count + (rowOf(path)?.label != null ? 1 : 0), 0);
  if (rows > 0 && rows >= paths.length / 2) return labelScheme('csv')!;
  const folder = labelScheme('folder')!;
  const names = detectFileNames(paths);
  if (names) {
    const folderOf = (path: string): string | null => folder.read(path, null)?.label ?? null;
    const own =
      sayTheSame(paths, (path) => names.read(path, null)?.label ?? null, folderOf) &&
      !sayTheSame(paths, (path) => names.read(path, null)?.speaker ?? null, folderOf);
    return own ? folder : names;
  }
  const labels = new Set(paths.map((path) => folder.read(path, null)?.label ?? null));
  return labels.size > (labels.has(null) ? 2 : 1) ? folder : labelScheme('none')!;
}

/** True when each word of one reading stands for exactly one of the other, and there are at least two. */
function sayTheSame(
  paths: readonly string[],
  a: (path: string) => string | null,
  b: (path: string) => string | null,
): boolean {
  const there = new Map<string, string>();
  const back = new Map<string, string>();
  for (const path of paths) {
    const x = a(path);
    if (x === null) continue;
    const y = b(path);
    if (y === null || (there.get(x) ?? y) !== y || (back.get(y) ?? x) !== x) return false;
    there.set(x, y);
    back.set(y, x);
  }
  return there.size > 1;
}

/** Folders of a path, outermost first. */
function folders(path: string): readonly string[] {
  return path.split('/').slice(0, -1);
}

function withFolder(
  path: string,
  depth: 1 | 2,
  read: (outer: string, inner: string) => Reading,
): Reading | null {
  const last = folders(path).slice(-depth);
  return last.length === depth ? read(last[0]!, last.at(-1)!) : null;
}
