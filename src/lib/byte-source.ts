/** Bytes that can be read at any place without holding them all. */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * Bytes `[start, end)`; the caller may keep but not change them.
   * @param spare Memory the caller has no more use for: the answer may lie in it, or in the buffer that comes back for
   *   it where it was sent to another thread (it is detached then). Reading a large file so leaves no garbage.
   */
  read(start: number, end: number, spare?: ArrayBuffer): Promise<Uint8Array>;
}

export function blobSource(blob: Blob): ByteSource {
  return {
    sizeBytes: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  };
}
