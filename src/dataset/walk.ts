import { isSystemName, type FoundFile, type IntakeProgress } from './found-file.ts';
import type { Reject } from './utterance.ts';

/** Files found under a folder, in no order. */
export interface Walked {
  readonly files: FoundFile[];
  readonly rejects: Reject[];
  ignored: number;
}

/** Files asked for at a time: the browser answers each in its own process, so waiting for one after another is slow. */
const FILES_AT_ONCE = 128;
const DEEPEST_FOLDER = 64;

/** Walks a folder handle (`showDirectoryPicker`, a drop in Chrome, OPFS). Paths begin with `prefix`. */
export async function walkHandle(
  handle: FileSystemDirectoryHandle,
  prefix = '',
  onProgress?: IntakeProgress,
): Promise<Walked> {
  const walker = new Walker(onProgress);
  const walk = async (folder: FileSystemDirectoryHandle, base: string, depth: number): Promise<void> => {
    const folders: Promise<void>[] = [];
    for await (const [name, child] of folder.entries()) {
      const path = base + name;
      if (isSystemName(name)) walker.ignore();
      else if (isFileHandle(child)) await walker.add(path, () => child.getFile());
      else if (depth < DEEPEST_FOLDER && isDirectoryHandle(child))
        folders.push(walker.folder(path, () => walk(child, `${path}/`, depth + 1)));
    }
    await Promise.all(folders);
  };
  await walk(handle, prefix, 0);
  return walker.finish();
}

/** Walks an entry of a drop (`webkitGetAsEntry`), which every browser has. Paths begin with `prefix`. */
export async function walkEntry(
  root: FileSystemDirectoryEntry,
  prefix = '',
  onProgress?: IntakeProgress,
): Promise<Walked> {
  const walker = new Walker(onProgress);
  const walk = async (folder: FileSystemDirectoryEntry, base: string, depth: number): Promise<void> => {
    const folders: Promise<void>[] = [];
    const reader = folder.createReader();
    // A reader hands out at most 100 entries a call, and an empty list when there are no more.
    for (let batch = await readBatch(reader); batch.length > 0; batch = await readBatch(reader))
      for (const child of batch) {
        const path = base + child.name;
        if (isSystemName(child.name)) walker.ignore();
        else if (isFileEntry(child)) await walker.add(path, () => fileOf(child));
        else if (depth < DEEPEST_FOLDER && isDirectoryEntry(child))
          folders.push(walker.folder(path, () => walk(child, `${path}/`, depth + 1)));
      }
    await Promise.all(folders);
  };
  await walk(root, prefix, 0);
  return walker.finish();
}

/** Collects what a walk finds, a bounded number of files at a time. */
class Walker {
  readonly #walked: Walked = { files: [], rejects: [], ignored: 0 };
  readonly #pending = new Set<Promise<void>>();
  readonly #onProgress: IntakeProgress | undefined;

  constructor(onProgress: IntakeProgress | undefined) {
    this.#onProgress = onProgress;
  }

  ignore(): void {
    this.#walked.ignored += 1;
  }

  /** Resolves as soon as there is room for another file. */
  async add(path: string, open: () => Promise<File>): Promise<void> {
    const task = this.#open(path, open).finally(() => this.#pending.delete(task));
    this.#pending.add(task);
    while (this.#pending.size >= FILES_AT_ONCE) await Promise.race(this.#pending);
  }

  /** Walks a folder; one that cannot be opened is set aside. */
  async folder(path: string, walk: () => Promise<void>): Promise<void> {
    try {
      await walk();
    } catch (error) {
      this.#reject(path, 'folder', error);
    }
  }

  async finish(): Promise<Walked> {
    await Promise.all(this.#pending);
    this.#onProgress?.(this.#walked.files.length);
    return this.#walked;
  }

  async #open(path: string, open: () => Promise<File>): Promise<void> {
    try {
      this.#walked.files.push({ path, file: await open() });
      if (this.#walked.files.length % 500 === 0) this.#onProgress?.(this.#walked.files.length);
    } catch (error) {
      this.#reject(path, 'file', error);
    }
  }

  #reject(path: string, kind: 'file' | 'folder', error: unknown): void {
    const why = error instanceof Error ? ` (${error.message})` : '';
    this.#walked.rejects.push({
      path,
      errorName: 'UnreadableFileError',
      reason: `The ${kind} could not be opened: it was moved, removed or is not yours to read${why}.`,
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
