import { xxh128Stream } from '../lib/digest.ts';
import type { RecordHead } from './segment.ts';
import type { SegmentFile } from './segment-file.ts';

/** How much of a payload is in memory at a time. */
export const PIECE_BYTES = 1 << 20;

/** Part of a payload, straight from the file; shorter than asked for only if the file is. May lie in `spare`. */
export async function readPayload(
  file: SegmentFile,
  record: RecordHead,
  offset: number,
  length: number,
  spare?: ArrayBuffer,
): Promise<Uint8Array<ArrayBuffer>> {
  if (offset < 0 || length < 0 || offset + length > record.payloadBytes)
    throw new RangeError(
      `Bytes ${offset}–${offset + length} do not lie within the ${record.payloadBytes} bytes of ${record.key}.`,
    );
  const bytes = new Uint8Array(
    spare && spare.byteLength >= length ? spare : new ArrayBuffer(length),
    0,
    length,
  );
  return bytes.subarray(0, await file.read(record.payloadOffset + offset, bytes));
}

/** Reads a payload piece by piece; true when it matches the digest it was committed with. */
export async function isPayloadIntact(file: SegmentFile, record: RecordHead): Promise<boolean> {
  const digest = await xxh128Stream();
  const buffer = new ArrayBuffer(Math.min(PIECE_BYTES, record.payloadBytes));
  for (let at = 0; at < record.payloadBytes; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, record.payloadBytes - at);
    digest.update(await readPayload(file, record, at, length, buffer));
  }
  return digest.hex() === record.payloadDigest;
}
