import { NoSpaceError, isNoSpace } from '../shards/segment-file.ts';
import { NotEnoughSpaceError } from './errors.ts';

const EXPORT_FOLDER = 'exports';

/** Where this session's newest export of a name lies in the folder. */
const newest = new Map<string, string>();

/** What is written, piece by piece; each piece need only be good until the next is asked for. */
export type Pieces = AsyncIterable<Uint8Array>;

/**
 * Writes pieces into a file of OPFS and gives it back as a lazy `File`: it can be saved through a blob address in any
 * browser without being held in memory. The export before it of the same name is removed then. In a dedicated worker.
 * @throws NotEnoughSpaceError
 */
export async function writeExport(pieces: Pieces, name: string): Promise<File> {
  const folder = await exportFolder();
  // A name of its own: an earlier export may still be on its way to the disk, and two may be written at once.
  const handle = await folder.getFileHandle(crypto.randomUUID(), { create: true });
  try {
    await writeAll(pieces, handle);
  } catch (error) {
    await folder.removeEntry(handle.name);
    if (!isNoSpace(error)) throw error;
    throw new NotEnoughSpaceError(
      `There is no room for a copy of ${name} in this browser's storage. Free disk space, or save straight to a file ` +
        '(Chrome and Edge), which needs no copy.',
      { cause: error },
    );
  }
  const file = await handle.getFile();
  const former = newest.get(name);
  newest.set(name, handle.name);
  if (former !== undefined) await forget(folder, former);
  return new File([file], name, { type: 'application/zip' });
}

/** Streams into a file that the person chose; when that fails, the file stays as it was. */
export async function saveTo(pieces: Pieces, target: FileSystemFileHandle): Promise<void> {
  const writable = await target.createWritable();
  try {
    for await (const piece of pieces) await writable.write(piece as Uint8Array<ArrayBuffer>);
  } catch (error) {
    await writable.abort(error);
    throw error;
  }
  await writable.close();
}

/** The chunks of a stream, also where the browser's streams cannot be iterated over. */
export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Frees the copies that earlier exports left; called when the engine starts. */
export async function clearExports(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(EXPORT_FOLDER, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
  });
}

async function exportFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(EXPORT_FOLDER, { create: true });
}

/** By a sync handle, which takes the bytes as they lie: a writable stream copies every piece on its way to another process. */
async function writeAll(pieces: Pieces, handle: FileSystemFileHandle): Promise<void> {
  const access = await handle.createSyncAccessHandle();
  try {
    let at = 0;
    for await (const piece of pieces) {
      const written = access.write(piece, { at });
      // A full disk first shows as a short write.
      if (written !== piece.length)
        throw new NoSpaceError(`The export took ${written} of ${piece.length} bytes.`);
      at += written;
    }
  } finally {
    access.close();
  }
}

async function forget(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name);
  } catch (error) {
    // It goes when the app is opened next.
    console.warn('The former copy of an export could not be removed yet.', error);
  }
}
