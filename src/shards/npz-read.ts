import type { ByteSource } from '../lib/byte-source.ts';
import { crc32 } from '../lib/crc32.ts';
import { PlaygroundError } from '../lib/errors.ts';
import {
  decodeNpy,
  decodeNpyHeader,
  elementCount,
  NPY_HEADER_GUESS_BYTES,
  npyHeaderSizeBytes,
  type NpyArray,
  type NpyHeader,
} from './npy.ts';
import {
  CENTRAL_HEADER_SIGNATURE,
  END64_LOCATOR_SIGNATURE,
  END64_SIGNATURE,
  END_SIGNATURE,
  LOCAL_HEADER_SIGNATURE,
} from './zip-layout.ts';

/** The bytes are no .npz, or a damaged one. */
export class NpzFormatError extends PlaygroundError {
  override readonly name: string = 'NpzFormatError';
}

/** A .npz opened for random access: only the directory is in memory. */
export interface NpzArchive {
  /** Array names without `.npy`, in file order. */
  readonly names: readonly string[];
  /** Type and shape, without reading the elements. */
  header(name: string): Promise<NpyHeader>;
  /** The whole array, checked against its checksum. */
  read(name: string): Promise<NpyArray>;
  /**
   * Bytes `[start, end)` of the elements as they are stored, unchecked; not for compressed arrays.
   * @param spare Memory the caller has no more use for, as in `ByteSource.read`.
   */
  readData(name: string, start: number, end: number, spare?: ArrayBuffer): Promise<Uint8Array>;
}

interface Entry {
  readonly compressed: boolean;
  readonly crc: number;
  readonly storedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

/**
 * Opens a .npz as numpy's `savez` and `savez_compressed` write it, ZIP64 included.
 * @throws {NpzFormatError} when it is no ZIP, is cut off, or uses what numpy never writes.
 */
export async function openNpz(source: ByteSource): Promise<NpzArchive> {
  const entries = await readDirectory(source);
  const dataStarts = new Map<string, Promise<number>>();
  const headers = new Map<string, Promise<NpyHeader>>();

  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (!entry)
      throw new NpzFormatError(
        `The .npz holds no array "${name}". It holds: ${[...entries.keys()].join(', ') || 'nothing'}.`,
      );
    return entry;
  };
  const dataStart = (name: string): Promise<number> =>
    remember(dataStarts, name, async () => {
      const { offset } = find(name);
      const view = viewOf(await read(source, offset, offset + 30));
      if (view.getUint32(0, true) !== LOCAL_HEADER_SIGNATURE)
        throw new NpzFormatError(`The .npz is damaged: "${name}" is not where its directory says.`);
      return offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
    });
  const content = async (name: string): Promise<Uint8Array> => {
    const entry = find(name);
    const start = await dataStart(name);
    const stored = await read(source, start, start + entry.storedBytes);
    const bytes = entry.compressed ? await inflate(stored, name) : stored;
    if (bytes.length !== entry.sizeBytes || crc32(bytes) !== entry.crc)
      throw new NpzFormatError(`The .npz is damaged: the checksum of "${name}" does not match its bytes.`);
    return bytes;
  };
  const header = (name: string): Promise<NpyHeader> =>
    remember(headers, name, async () => {
      const entry = find(name);
      if (entry.compressed) return decodeNpyHeader(await content(name));
      const start = await dataStart(name);
      let bytes = await read(source, start, start + Math.min(NPY_HEADER_GUESS_BYTES, entry.sizeBytes));
      const needed = npyHeaderSizeBytes(bytes);
      if (needed !== null && needed > bytes.length && needed <= entry.sizeBytes)
        bytes = await read(source, start, start + needed);
      const decoded = decodeNpyHeader(bytes);
      if (decoded.dataOffset + elementCount(decoded.shape) * decoded.itemSizeBytes > entry.sizeBytes)
        throw new NpzFormatError(`The .npz is damaged: "${name}" is shorter than its shape says.`);
      return decoded;
    });

  return {
    names: [...entries.keys()],
    header,
    read: async (name) => decodeNpy(await content(name)),
    async readData(name, start, end, spare) {
      const entry = find(name);
      if (entry.compressed)
        throw new NpzFormatError(`The array "${name}" is compressed and can only be read as a whole.`);
      const { dataOffset } = await header(name);
      const base = (await dataStart(name)) + dataOffset;
      return read(source, base + start, base + end, spare);
    },
  };
}

async function readDirectory(source: ByteSource): Promise<Map<string, Entry>> {
  const { offset, sizeBytes, count } = await findDirectory(source);
  const bytes = await read(source, offset, offset + sizeBytes);
  const view = viewOf(bytes);
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL_HEADER_SIGNATURE)
      throw new NpzFormatError('The .npz is damaged: its directory cannot be read.');
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const wide = readZip64(view, at, at + 46 + nameLength, extraLength);
    if (view.getUint16(at + 8, true) & 1)
      throw new NpzFormatError(`"${name}" is encrypted; save the .npz without a password.`);
    if (method !== 0 && method !== 8)
      throw new NpzFormatError(`"${name}" is compressed by a method that numpy does not write.`);
    if (name.endsWith('.npy'))
      entries.set(name.slice(0, -4), {
        ...wide,
        compressed: method === 8,
        crc: view.getUint32(at + 16, true),
      });
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Sizes and offset of a directory row; those that do not fit in 32 bits stand in the ZIP64 field, in this order. */
function readZip64(
  view: DataView,
  at: number,
  extraStart: number,
  extraLength: number,
): Pick<Entry, 'sizeBytes' | 'storedBytes' | 'offset'> {
  let field = extraStart;
  const end = Math.min(extraStart + extraLength, view.byteLength);
  while (field + 4 <= end && view.getUint16(field, true) !== 1) field += 4 + view.getUint16(field + 2, true);
  field += 4;
  const value = (short: number): number => {
    if (short !== 0xffffffff) return short;
    if (field + 8 > end) throw new NpzFormatError('The .npz is damaged: a ZIP64 size is missing.');
    field += 8;
    return Number(view.getBigUint64(field - 8, true));
  };
  const sizeBytes = value(view.getUint32(at + 24, true));
  const storedBytes = value(view.getUint32(at + 20, true));
  return { sizeBytes, storedBytes, offset: value(view.getUint32(at + 42, true)) };
}

async function findDirectory(
  source: ByteSource,
): Promise<{ readonly offset: number; readonly sizeBytes: number; readonly count: number }> {
  // The end record is the last thing in the file unless a comment follows it, which may be 65,535 bytes long.
  let tail = viewOf(await source.read(Math.max(0, source.sizeBytes - 1024), source.sizeBytes));
  let at = endRecord(tail);
  if (at < 0) {
    tail = viewOf(await source.read(Math.max(0, source.sizeBytes - 22 - 0xffff), source.sizeBytes));
    at = endRecord(tail);
  }
  if (at < 0)
    throw new NpzFormatError('This is no .npz, or it is cut off: the directory at its end is missing.');
  const locator = at - 20;
  if (locator >= 0 && tail.getUint32(locator, true) === END64_LOCATOR_SIGNATURE) {
    const end64 = Number(tail.getBigUint64(locator + 8, true));
    const view = viewOf(await read(source, end64, end64 + 56));
    if (view.getUint32(0, true) !== END64_SIGNATURE)
      throw new NpzFormatError('The .npz is damaged: its ZIP64 directory is missing.');
    return {
      offset: Number(view.getBigUint64(48, true)),
      sizeBytes: Number(view.getBigUint64(40, true)),
      count: Number(view.getBigUint64(32, true)),
    };
  }
  return {
    offset: tail.getUint32(at + 16, true),
    sizeBytes: tail.getUint32(at + 12, true),
    count: tail.getUint16(at + 10, true),
  };
}

/** Where the end record begins in the file's tail, or −1. */
function endRecord(tail: DataView): number {
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END_SIGNATURE) at -= 1;
  return Math.max(at, -1);
}

async function read(
  source: ByteSource,
  start: number,
  end: number,
  spare?: ArrayBuffer,
): Promise<Uint8Array> {
  if (start < 0 || end > source.sizeBytes)
    throw new NpzFormatError('The .npz is cut off: its directory points past its end.');
  const bytes = await source.read(start, end, spare);
  if (bytes.length !== end - start)
    throw new NpzFormatError(
      'The .npz could not be read to its end: the file has changed since it was opened.',
    );
  return bytes;
}

async function inflate(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new NpzFormatError(`The .npz is damaged: "${name}" cannot be decompressed.`, { cause: error });
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function remember<T>(known: Map<string, Promise<T>>, name: string, load: () => Promise<T>): Promise<T> {
  let value = known.get(name);
  if (!value) {
    value = load();
    known.set(name, value);
  }
  return value;
}
