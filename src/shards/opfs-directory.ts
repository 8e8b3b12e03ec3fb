import { StorageUnavailableError } from './errors.ts';
import { NoSpaceError, type SegmentDirectory, type SegmentFile } from './segment-file.ts';

/** Kept occupied so that a removal can still be recorded on a full disk. */
const RESERVE_BYTES = 2 << 20;
const RESERVE_NAME = 'reserve.bin';
const SEGMENT_NAME = /^segment-\d+\.seg$/;
/** A reload's old worker may hold its files a moment longer than its lock. */
const HANDLE_RETRIES = 20;
const HANDLE_RETRY_MS = 50;

/** Segment files in a folder of the origin's private file system; `writes` opens exclusive sync handles. */
export class OpfsDirectory implements SegmentDirectory {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #writes: boolean;
  readonly #takeOver: boolean;
  readonly #files: SegmentFile[] = [];

  constructor(folder: FileSystemDirectoryHandle, mode: { writes: boolean; takeOver: boolean }) {
    this.#folder = folder;
    this.#writes = mode.writes;
    this.#takeOver = mode.takeOver;
  }

  async openAll(): Promise<readonly SegmentFile[]> {
    const known = new Set(this.#files.map((file) => file.name));
    const handles: FileSystemFileHandle[] = [];
    for await (const handle of this.#folder.values())
      if (handle.kind === 'file' && SEGMENT_NAME.test(handle.name) && !known.has(handle.name))
        handles.push(handle);
    this.#files.push(...(await Promise.all(handles.map((handle) => this.#open(handle)))));
    this.#files.sort((a, b) => (a.name < b.name ? -1 : 1));
    return [...this.#files];
  }

  async addFile(): Promise<SegmentFile> {
    const taken = new Set(this.#files.map((file) => file.name));
    let number = this.#files.length;
    const nameOf = (): string => `segment-${String(number).padStart(4, '0')}.seg`;
    while (taken.has(nameOf())) number += 1;
    const file = await this.#open(await this.#folder.getFileHandle(nameOf(), { create: true }));
    this.#files.push(file);
    return file;
  }

  async #open(handle: FileSystemFileHandle): Promise<SegmentFile> {
    if (!this.#writes) return new BlobFile(handle);
    const retries = this.#takeOver ? 2 : HANDLE_RETRIES;
    for (let attempt = 0; ; attempt += 1)
      try {
        return new SyncFile(handle, await handle.createSyncAccessHandle());
      } catch (error) {
        const isHeld = error instanceof DOMException && error.name === 'NoModificationAllowedError';
        if (!isHeld) throw error;
        if (attempt >= retries) {
          if (this.#takeOver) return new BlobFile(handle);
          throw new StorageUnavailableError(
            `The file ${handle.name} of this app's private storage is still held by a tab that is closing. Reload in a moment.`,
            { cause: error },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, HANDLE_RETRY_MS));
      }
  }

  async holdReserve(): Promise<void> {
    await this.#setReserve((handle) => {
      if (handle.getSize() >= RESERVE_BYTES) return;
      handle.write(new Uint8Array(RESERVE_BYTES), { at: 0 });
      handle.flush();
    });
  }

  async releaseReserve(): Promise<void> {
    await this.#setReserve((handle) => {
      handle.truncate(0);
      handle.flush();
    });
  }

  /** Best effort: a store works without its reserve. */
  async #setReserve(change: (handle: FileSystemSyncAccessHandle) => void): Promise<void> {
    let handle: FileSystemSyncAccessHandle | null = null;
    try {
      const file = await this.#folder.getFileHandle(RESERVE_NAME, { create: true });
      handle = await file.createSyncAccessHandle();
      change(handle);
    } catch (error) {
      console.warn('The reserve of the record store could not be changed.', error);
    } finally {
      handle?.close();
    }
  }

  close(): void {
    for (const file of this.#files) file.close();
    this.#files.length = 0;
  }
}

/** A file held exclusively by a sync access handle. Only in a dedicated worker. */
class SyncFile implements SegmentFile {
  readonly name: string;
  readonly isWritable = true;
  readonly #handle: FileSystemFileHandle;
  readonly #access: FileSystemSyncAccessHandle;

  constructor(handle: FileSystemFileHandle, access: FileSystemSyncAccessHandle) {
    this.name = handle.name;
    this.#handle = handle;
    this.#access = access;
  }

  sizeBytes(): Promise<number> {
    return Promise.resolve(this.#access.getSize());
  }

  read(at: number, into: Uint8Array<ArrayBuffer>): Promise<number> {
    return Promise.resolve(this.#access.read(into, { at }));
  }

  write(at: number, bytes: Uint8Array): void {
    // A full disk first shows as a short write; incognito once returned 4294967288.
    const written = this.#access.write(bytes, { at });
    if (written !== bytes.byteLength)
      throw new NoSpaceError(`${this.name} took ${written} of ${bytes.byteLength} bytes.`);
  }

  flush(): void {
    this.#access.flush();
  }

  truncate(sizeBytes: number): void {
    this.#access.truncate(sizeBytes);
  }

  async blob(start: number, end: number): Promise<Blob> {
    return (await this.#handle.getFile()).slice(start, end);
  }

  close(): void {
    this.#access.close();
  }
}

/** A file that another tab writes to: every read takes a fresh view of it. */
class BlobFile implements SegmentFile {
  readonly name: string;
  readonly isWritable = false;
  readonly #handle: FileSystemFileHandle;

  constructor(handle: FileSystemFileHandle) {
    this.name = handle.name;
    this.#handle = handle;
  }

  async sizeBytes(): Promise<number> {
    return (await this.#handle.getFile()).size;
  }

  async read(at: number, into: Uint8Array<ArrayBuffer>): Promise<number> {
    for (let attempt = 0; ; attempt += 1)
      try {
        const bytes = new Uint8Array(await (await this.blob(at, at + into.length)).arrayBuffer());
        into.set(bytes);
        return bytes.length;
      } catch (error) {
        // The writer appended between view and read.
        const isOutdated = error instanceof DOMException && error.name === 'NotReadableError';
        if (!isOutdated || attempt >= 20) throw error;
      }
  }

  async blob(start: number, end: number): Promise<Blob> {
    return (await this.#handle.getFile()).slice(start, end);
  }

  write(): never {
    throw new Error(`${this.name} is open for reading only.`);
  }

  flush(): void {
    // Nothing was written.
  }

  truncate(): never {
    throw new Error(`${this.name} is open for reading only.`);
  }

  close(): void {
    // Nothing is held.
  }
}
