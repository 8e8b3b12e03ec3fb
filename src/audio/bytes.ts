/** Random access to a file's bytes, in memory or on disk. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Bytes `[start, end)`, cut at the end of the file: the result may be shorter than asked for. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Reads pieces of a Blob; a File on disk is not loaded as a whole. */
export function blobBytes(blob: Blob): ByteSource {
  return {
    sizeBytes: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, Math.max(start, end)).arrayBuffer()),
  };
}

/** Views of one buffer that is already in memory; nothing is copied. */
export function memoryBytes(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, Math.max(start, end))),
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
