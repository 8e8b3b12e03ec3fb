import { isSystemName, type FoundFile, type IntakeProgress } from './found-file.ts';
import { PageTurns } from '../lib/page-turn.ts';
import type { Reject } from './utterance.ts';

/** Files found under a folder, in no order. */
export interface Walked {
  readonly files: FoundFile[];
  readonly rejects: Reject[];
  readonly ignored: number;
}

/** Files asked for at a time: the browser answers each in its own process, so waiting for one after another is slow. */
const FILES_AT_ONCE = 64;
const DEEPEST_FOLDER = 64;

/** What both kinds of walk give: names first, which is quick, then the files themselves. */
interface Listing {
  readonly files: { readonly path: string; readonly open: () => Promise<File> }[];
  readonly rejects: Reject[];
  ignored: number;
}

/** Walks a folder handle (`showDirectoryPicker`, a drop in Chrome, OPFS). Paths begin with `prefix`. */
export async function walkHandle(
  handle: FileSystemDirectoryHandle,
  prefix = '',
  onProgress?: IntakeProgress,
): Promise<Walked> {
  const listing: Listing = { files: [], rejects: [], ignored: 0 };
  const walk = async (folder: FileSystemDirectoryHandle, base: string, depth: number): Promise<void> => {
    const folders: Promise<void>[] = [];
    for await (const [name, child] of folder.entries()) {
      const path = base + name;
      if (isSystemName(name)) listing.ignored += 1;
      else if (isFileHandle(child)) listing.files.push({ path, open: () => child.getFile() });
      else if (depth < DEEPEST_FOLDER && isDirectoryHandle(child))
        folders.push(orReject(listing, path, walk(child, `${path}/`, depth + 1)));
    }
    await Promise.all(folders);
  };
  await walk(handle, prefix, 0);
  return openFiles(listing, onProgress);
}

/** Walks an entry of a drop (`webkitGetAsEntry`), which every browser has. Paths begin with `prefix`. */
export async function walkEntry(
  root: FileSystemDirectoryEntry,
  prefix = '',
  onProgress?: IntakeProgress,
): Promise<Walked> {
  const listing: Listing = { files: [], rejects: [], ignored: 0 };
  const walk = async (folder: FileSystemDirectoryEntry, base: string, depth: number): Promise<void> => {
    const folders: Promise<void>[] = [];
    const reader = folder.createReader();
    // A reader hands out at most 100 entries a call, and an empty list when there are no more.
    for (let batch = await readBatch(reader); batch.length > 0; batch = await readBatch(reader))
      for (const child of batch) {
        const path = base + child.name;
        if (isSystemName(child.name)) listing.ignored += 1;
        else if (isFileEntry(child)) listing.files.push({ path, open: () => fileOf(child) });
        else if (depth < DEEPEST_FOLDER && isDirectoryEntry(child))
          folders.push(orReject(listing, path, walk(child, `${path}/`, depth + 1)));
      }
    await Promise.all(folders);
  };
  await walk(root, prefix, 0);
  return openFiles(listing, onProgress);
}

/**
 * Reads the sizes of files that are already there, as an `<input>` gives them. Each size is asked from the disk while
 * the page waits, so the page is let go after every few.
 */
export async function measureFiles(
  files: readonly Omit<FoundFile, 'sizeBytes'>[],
  onProgress?: IntakeProgress,
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const turns = new PageTurns();
  let until = performance.now() + SLICE_MS;
  for (const { path, file } of files) {
    found.push({ path, file, sizeBytes: file.size });
    if (performance.now() > until) {
      onProgress?.(found.length);
      await turns.next();
      until = performance.now() + SLICE_MS;
    }
  }
  onProgress?.(found.length);
  return found;
}

/** Below what a person feels. */
const SLICE_MS = 30;

async function openFiles(listing: Listing, onProgress: IntakeProgress | undefined): Promise<Walked> {
  const files: FoundFile[] = [];
  const queue = listing.files.values();
  const openOne = async (path: string, open: () => Promise<File>): Promise<void> => {
    const file = await open();
    files.push({ path, file, sizeBytes: file.size });
    if (files.length % 500 === 0) onProgress?.(files.length);
  };
  const openSome = async (): Promise<void> => {
    for (const { path, open } of queue) await orReject(listing, path, openOne(path, open));
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, openSome));
  onProgress?.(files.length);
  return { files, rejects: listing.rejects, ignored: listing.ignored };
}

/** A file or folder that cannot be opened is set aside; the rest goes on. */
async function orReject(listing: Listing, path: string, opened: Promise<void>): Promise<void> {
  try {
    await opened;
  } catch (error) {
    const why = error instanceof Error ? ` (${error.message})` : '';
    listing.rejects.push({
      path,
      errorName: 'UnreadableFileError',
      reason: `It could not be opened: it was moved, removed or is not yours to read${why}.`,
    });
  }
}

function readBatch(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

export function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

export function isFileEntry(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

export function isDirectoryEntry(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

export function isDirectoryHandle(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory';
}

function isFileHandle(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === 'file';
}
