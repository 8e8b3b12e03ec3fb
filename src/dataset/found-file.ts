import type { Reject } from './utterance.ts';

/** A file of a dropped folder. */
export interface FoundFile {
  /** Relative to the dropped folder, `/`-separated. */
  readonly path: string;
  readonly file: File;
  /** Kept here because `file.size` of an `<input>`'s file asks the disk, and the page waits for it. */
  readonly sizeBytes: number;
}

/** What a folder, a drop or a choice of files holds. */
export interface Intake {
  /** Name of the folder, or words for a handful of files. */
  readonly name: string;
  /** Files that may be audio; their content decides later. In code-point order of their paths, which are unique. */
  readonly audio: readonly FoundFile[];
  /** CSV and TSV files, which may hold labels. */
  readonly tables: readonly FoundFile[];
  /** Files set aside by name or because they could not be opened. */
  readonly rejects: readonly Reject[];
  /** Count of hidden and system files, which are passed over. */
  readonly ignored: number;
  /** The folder itself, where the browser gives it: kept, it can be opened again without a drop. */
  readonly directory: FileSystemDirectoryHandle | null;
}

/** Told the count of files found so far. */
export type IntakeProgress = (found: number) => void;

const SYSTEM_NAMES = new Set([
  'thumbs.db',
  'desktop.ini',
  '__macosx',
  '$recycle.bin',
  'system volume information',
  '@eadir',
  'lost+found',
]);

/** Hidden and system files and folders: `.git`, `.DS_Store`, `._clip.wav`, `Thumbs.db`… */
export function isSystemName(name: string): boolean {
  return name.startsWith('.') || SYSTEM_NAMES.has(name.toLowerCase());
}

const TABLE_EXTENSIONS = new Set(['csv', 'tsv']);

/** Never audio, whatever is in them; every other file is judged by its content. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  'a text':
    'txt md rst rtf pdf doc docx odt tex html htm xml log textgrid lab phn wrd trn eaf ctm stm srt vtt',
  'a table or data file':
    'xls xlsx ods json jsonl yaml yml toml ini cfg parquet feather npy npz mat h5 hdf5 db sqlite',
  'a picture': 'png jpg jpeg gif svg bmp tif tiff webp ico heic',
  'an archive': 'zip tar gz tgz bz2 xz 7z rar zst',
  'a program or its settings': 'py ipynb pyc js mjs ts sh bat exe dll so r m c h cpp lock praat',
  'a model file': 'pt pth ckpt bin safetensors onnx pb tflite msgpack pkl pickle',
};
const KIND_BY_EXTENSION = new Map(
  Object.entries(OTHER_KINDS).flatMap(([kind, extensions]) =>
    extensions.split(' ').map((extension) => [extension, kind] as const),
  ),
);

export function isTable(path: string): boolean {
  return TABLE_EXTENSIONS.has(extensionOf(path));
}

/** The reject for a file whose name says that it is no audio; null when its content has to decide. */
export function rejectByName(path: string): Reject | null {
  const kind = KIND_BY_EXTENSION.get(extensionOf(path));
  return kind
    ? {
        path,
        errorName: 'NotAudioError',
        reason: `${fileName(path)} is ${kind}, not a recording; it was set aside.`,
      }
    : null;
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The name without its last extension: `a/b.c.wav` → `b.c`. */
export function fileStem(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

/** Lower case, without the dot; empty when there is none. */
export function extensionOf(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
}

/** Orders by code point, as Python and most tools do; JavaScript's own `<` puts emoji before U+E000–U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return fixUp(x) - fixUp(y);
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the plane, so that comparing units compares code points. */
function fixUp(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
