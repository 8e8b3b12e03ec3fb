import { crc32 } from '../lib/crc32.ts';
import { PlaygroundError } from '../lib/errors.ts';
import {
  elementCount,
  encodeNpyHeader,
  encodeNpyText,
  isTexts,
  npyDescr,
  npyParts,
  requireShape,
  type NpyArray,
} from './npy.ts';
import {
  centralDirectory,
  centralDirectorySizeBytes,
  dataDescriptor,
  localHeader,
  streamedOverheadBytes,
  type ZipFile,
} from './zip-layout.ts';

/**
 * Writing .npz: an uncompressed ZIP of .npy files. Equal arrays give equal bytes, always. Small ones are made in
 * memory (a shard), large ones are streamed with their size known ahead (the merged file).
 */

/** Whether each piece has memory of its own, or all lie in the same, so that one is good until the next is asked for. */
export type PieceMemory = 'own' | 'shared';

/** One array of a streamed .npz. */
export interface NpzEntry {
  /** Without `.npy`. */
  readonly name: string;
  /** Of the whole .npy, header included. */
  readonly sizeBytes: number;
  /** The .npy in pieces, from the beginning at each call; `memory` says how long each is good. */
  chunks(memory: PieceMemory): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** An array delivered another number of bytes than its shape says. */
export class NpzSizeError extends PlaygroundError {
  override readonly name: string = 'NpzSizeError';
}

/** A whole .npz in memory, arrays in the order given; the numbers are copied once. */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array<ArrayBuffer> {
  const files: (ZipFile & { readonly streamed: boolean; readonly crc: number })[] = [];
  const parts: Uint8Array[] = [];
  let position = 0;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    position += bytes.length;
  };
  for (const [name, array] of Object.entries(arrays)) {
    const [header, data] = npyParts(array);
    const file = {
      name: `${name}.npy`,
      sizeBytes: header.length + data.length,
      offset: position,
      crc: crc32(data, crc32(header)),
    };
    files.push({ ...file, streamed: false });
    for (const part of [localHeader(file), header, data]) add(part);
  }
  add(centralDirectory(files, position));
  const bytes = new Uint8Array(position);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const TEXT_PIECE_BYTES = 1 << 18;

/** An array at hand as an entry of a streamed .npz. Texts, which numpy pads to the longest, are encoded as they are sent. */
export function npzEntry(name: string, array: NpyArray): NpzEntry {
  const { shape, data: elements } = array;
  if (isTexts(elements)) {
    requireShape(array);
    const descr = npyDescr(elements);
    const header = encodeNpyHeader(descr, shape);
    const rowBytes = 4 * Number(descr.slice(2));
    const rows = Math.max(1, Math.floor(TEXT_PIECE_BYTES / rowBytes));
    return {
      name,
      sizeBytes: header.length + elements.length * rowBytes,
      *chunks() {
        yield header;
        for (let row = 0; row < elements.length; row += rows)
          yield encodeNpyText(elements.slice(row, row + rows), descr);
      },
    };
  }
  const [header, data] = npyParts(array);
  return {
    name,
    sizeBytes: header.length + data.length,
    chunks: () => [header, data],
  };
}

/** A float32 array whose elements arrive in pieces. */
export function float32Entry(
  name: string,
  shape: readonly number[],
  chunks: (memory: PieceMemory) => AsyncIterable<Uint8Array>,
): NpzEntry {
  const header = encodeNpyHeader('<f4', shape);
  return {
    name,
    sizeBytes: header.length + elementCount(shape) * 4,
    async *chunks(memory) {
      yield header;
      yield* chunks(memory);
    },
  };
}

/** Exact size of what {@link streamNpz} will deliver. */
export function npzSizeBytes(entries: readonly NpzEntry[]): number {
  const { files, end } = place(entries);
  return end + centralDirectorySizeBytes(files, end);
}

/**
 * The .npz as a stream that is pulled: nothing is read before it is asked for, and no more than one piece is held.
 * Errors with {@link NpzSizeError} when an entry delivers another size than it declared.
 */
export function streamNpz(entries: readonly NpzEntry[]): ReadableStream<Uint8Array> {
  const pieces = npzPieces(entries, 'own');
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What {@link streamNpz} streams, for those who write each piece before they ask for the next. */
export async function* npzPieces(
  entries: readonly NpzEntry[],
  memory: PieceMemory,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { files, end } = place(entries);
  const written: (ZipFile & { readonly streamed: boolean; readonly crc: number })[] = [];
  for (const [index, entry] of entries.entries()) {
    const file = files[index]!;
    yield localHeader(file);
    let crc = 0;
    let delivered = 0;
    for await (const chunk of entry.chunks(memory)) {
      crc = crc32(chunk, crc);
      delivered += chunk.length;
      if (chunk.length > 0) yield chunk;
    }
    if (delivered !== entry.sizeBytes)
      throw new NpzSizeError(
        `The array "${entry.name}" came out ${delivered} bytes long instead of ${entry.sizeBytes}; the file is not usable.`,
      );
    yield dataDescriptor(file, crc);
    written.push({ ...file, crc, streamed: true });
  }
  yield centralDirectory(written, end);
}

function place(entries: readonly NpzEntry[]): { readonly files: readonly ZipFile[]; readonly end: number } {
  const files: ZipFile[] = [];
  let offset = 0;
  for (const { name, sizeBytes } of entries) {
    const file = { name: `${name}.npy`, sizeBytes, offset, crc: null };
    files.push(file);
    offset += sizeBytes + streamedOverheadBytes(file);
  }
  return { files, end: offset };
}
