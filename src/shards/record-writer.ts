import type { Digest } from './digest128.ts';
import type { IndexedRecord } from './record-index.ts';
import { alignUp, encodeRecordHead, recordEnd, type RecordOperation } from './segment.ts';
import type { Segment } from './segment-pool.ts';
import type { JsonValue } from './store.ts';

/** A record that knows everything but its place. */
export interface UnplacedRecord {
  readonly operation: RecordOperation;
  readonly job: string;
  readonly kind: string;
  readonly key: string;
  readonly meta: JsonValue;
  readonly sequence: number;
  readonly epoch: number;
}

/**
 * Appends one record and flushes it; the segment then ends after it. When anything fails the segment ends where it
 * did before, and what was written is cut off. Synchronous from digest to flush, so that the payload cannot change.
 */
export function writeRecord(
  segment: Segment,
  record: UnplacedRecord,
  pieces: readonly Uint8Array[],
  digest: Digest,
): IndexedRecord {
  const { file, segmentId, end: offset } = segment;
  if (segmentId === null) throw new Error(`${file.name} has no segment id yet.`);
  const payloadBytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const payloadDigest = digest.hex(pieces);
  const placed = { ...record, segmentId, offset, payloadBytes, payloadDigest };
  const head = encodeRecordHead(placed, digest);
  const payloadOffset = offset + head.length;
  const padding = new Uint8Array(alignUp(payloadBytes) - payloadBytes);
  try {
    let at = offset;
    for (const bytes of [head, ...pieces, padding]) {
      if (bytes.byteLength > 0) file.write(at, bytes);
      at += bytes.byteLength;
    }
    file.flush();
  } catch (error) {
    cutBack(segment, offset);
    throw error;
  }
  const written = { ...placed, payloadOffset, segment };
  segment.end = recordEnd(written);
  return written;
}

/** Cuts a segment back to an earlier end; where even that fails, the next append tries again first. */
export function cutBack(segment: Segment, end: number): void {
  segment.end = end;
  segment.needsCut = true;
  try {
    segment.file.truncate(end);
    segment.needsCut = false;
  } catch (error) {
    console.warn(`${segment.file.name} could not be cut back to ${end} bytes yet.`, error);
  }
}
