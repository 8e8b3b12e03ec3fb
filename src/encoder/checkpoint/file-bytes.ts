import { TruncatedCheckpointError, UnreadableCheckpointError } from './errors.ts';

/** A file of a checkpoint: its path as dropped or on the hub, and its bytes, read in slices only. */
export interface CheckpointFile {
  readonly path: string;
  readonly blob: Blob;
}

/** Files as a person dropped or picked them; a picked folder's paths are kept. */
export function checkpointFiles(files: readonly File[]): CheckpointFile[] {
  return files.map((blob) => ({ path: blob.webkitRelativePath || blob.name, blob }));
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Bytes `[start, end)` of a file, in a buffer of their own.
 * @throws TruncatedCheckpointError when the file ends before `end`
 * @throws UnreadableCheckpointError when the browser cannot read the file any more
 */
export async function readRange(
  file: CheckpointFile,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (end > file.blob.size) {
    throw new TruncatedCheckpointError(
      `${file.path} is cut off: ${end} bytes are needed, it has ${file.blob.size}. Download or copy it again.`,
    );
  }
  let buffer: ArrayBuffer;
  try {
    buffer = await file.blob.slice(start, end).arrayBuffer();
  } catch (cause) {
    throw new UnreadableCheckpointError(
      `${file.path} could not be read; it may have been moved or changed since it was opened. Drop it again.`,
      { cause },
    );
  }
  if (buffer.byteLength !== end - start) {
    throw new UnreadableCheckpointError(
      `${file.path} gave ${buffer.byteLength} bytes where ${end - start} were asked for. Drop it again.`,
    );
  }
  return new Uint8Array(buffer);
}

/** A little-endian view of bytes. */
export function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An unsigned 64-bit integer, or Infinity beyond 2⁵³ (larger than any file). */
export function readUint64(view: DataView, offset: number): number {
  const value = view.getBigUint64(offset, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
}
