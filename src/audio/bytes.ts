/** Random access to a file's bytes, in memory or on disk. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Bytes `[start, end)`, cut at the end of the file: the result may be shorter than asked for. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Files up to this size are read whole at the first look: a slice costs the browser more than these bytes. */
const wholeReadBytes = 128 * 1024;

/** Reads pieces of a Blob; a large File on disk is not loaded as a whole. */
export function blobBytes(blob: Blob): ByteSource {
  let whole: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return {
    sizeBytes: blob.size,
    read: async (start, end) => {
      if (blob.size > wholeReadBytes) {
        return new Uint8Array(await blob.slice(start, Math.max(start, end)).arrayBuffer());
      }
      whole ??= blob.arrayBuffer().then((buffer) => new Uint8Array(buffer));
      return (await whole).subarray(start, Math.max(start, end));
    },
  };
}

/** Views of one buffer that is already in memory; nothing is copied. */
export function memoryBytes(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, Math.max(start, end))),
  };
}

/** Bytes that any header reader asks for first. */
const headBytes = 4096;

/** The same source with its first bytes at hand, so that looking at a small header again costs no read. */
export async function withHead(source: ByteSource): Promise<ByteSource> {
  const head = await source.read(0, headBytes);
  const isWhole = head.length === source.sizeBytes;
  return {
    sizeBytes: source.sizeBytes,
    read: async (start, end) =>
      end <= head.length || isWhole ? head.subarray(start, Math.max(start, end)) : source.read(start, end),
  };
}

/** Four-character code at `offset`, one character a byte. */
export function fourCharacters(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

/** A view with the same bounds as `bytes`. */
export function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Little-endian 64-bit unsigned number as a JavaScript number; exact below 2⁵³. */
export function readUint64(bytes: Uint8Array, offset: number): number {
  const view = dataView(bytes);
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 4294967296;
}

/** Big-endian 64-bit unsigned number as a JavaScript number; exact below 2⁵³. */
export function readUint64BigEndian(bytes: Uint8Array, offset: number): number {
  const view = dataView(bytes);
  return view.getUint32(offset) * 4294967296 + view.getUint32(offset + 4);
}
