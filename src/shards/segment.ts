import type { Digest } from './digest128.ts';
import type { JsonValue } from './store.ts';

/**
 * The byte format of a segment file (docs/formats.md tells it to other programs):
 * a 64-byte segment header, then records, each at a multiple of 64 bytes. All numbers little-endian.
 * A record is: fixed header (96 bytes) · text (UTF-8 JSON) · zeros to a multiple of 64 · payload · zeros likewise.
 * Every header carries the segment's random id and its own offset under a digest, so that bytes inside a payload
 * can never be mistaken for a record, and a scan that lost its way finds the next one.
 */

export const ALIGNMENT = 64;
export const FORMAT_VERSION = 1;

/** Offsets within the 64-byte header at the start of a segment file. */
export const segmentHeader = {
  size: 64,
  magic: 0,
  version: 8,
  role: 12,
  segmentId: 16,
  createdAtMs: 24,
  reserved: 32,
  digest: 48,
} as const;

/** Offsets within the fixed 96-byte header of a record. */
export const recordHeader = {
  size: 96,
  magic: 0,
  operation: 8,
  textBytes: 12,
  payloadBytes: 16,
  sequence: 24,
  epoch: 32,
  segmentId: 40,
  offset: 48,
  reserved: 56,
  payloadDigest: 64,
  headerDigest: 80,
} as const;

/** Longest JSON text of a record; a larger length in a header is garbage. */
export const MAX_TEXT_BYTES = 1 << 20;

const segmentMagic = new TextEncoder().encode('WLMSEG\r\n');
const recordMagic = new TextEncoder().encode('WLMREC\r\n');

/** Whether a segment is shared by small jobs or belongs to one large job, whose removal frees it at once. */
export type SegmentRole = 'shared' | 'own';
const roles: readonly SegmentRole[] = ['shared', 'own'];

/** What a record does: put a value, forget one name, remove a whole job, seal segments against an older writer. */
export type RecordOperation = 'put' | 'forget' | 'remove-job' | 'fence';
const operations: readonly RecordOperation[] = ['put', 'forget', 'remove-job', 'fence'];

export interface SegmentHead {
  readonly version: number;
  readonly role: SegmentRole;
  /** 64 random bits. */
  readonly segmentId: bigint;
  readonly createdAtMs: number;
}

/** The text part: who the record belongs to, and the caller's JSON. */
export interface RecordText {
  readonly job: string;
  readonly kind: string;
  readonly key: string;
  readonly meta: JsonValue;
}

export interface RecordHead extends RecordText {
  readonly operation: RecordOperation;
  readonly sequence: number;
  readonly epoch: number;
  readonly segmentId: bigint;
  /** Where the record starts within its segment file. */
  readonly offset: number;
  /** Where its payload starts within the segment file. */
  readonly payloadOffset: number;
  readonly payloadBytes: number;
  /** 32 hex digits, xxh128. */
  readonly payloadDigest: string;
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** First byte after a record, padding included. */
export function recordEnd(head: Pick<RecordHead, 'payloadOffset' | 'payloadBytes'>): number {
  return head.payloadOffset + alignUp(head.payloadBytes);
}

export function encodeSegmentHead(head: SegmentHead, digest: Digest): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(segmentHeader.size);
  const view = new DataView(bytes.buffer);
  bytes.set(segmentMagic, segmentHeader.magic);
  view.setUint32(segmentHeader.version, head.version, true);
  view.setUint32(segmentHeader.role, roles.indexOf(head.role), true);
  view.setBigUint64(segmentHeader.segmentId, head.segmentId, true);
  view.setFloat64(segmentHeader.createdAtMs, head.createdAtMs, true);
  bytes.set(digest.bytes(bytes.subarray(0, segmentHeader.digest)), segmentHeader.digest);
  return bytes;
}

/** The header of a segment, or null when these bytes are none (empty file, torn first write, damage). */
export function decodeSegmentHead(bytes: Uint8Array, digest: Digest): SegmentHead | null {
  if (bytes.length < segmentHeader.size || !startsWith(bytes, 0, segmentMagic)) return null;
  const expected = digest.bytes(bytes.subarray(0, segmentHeader.digest));
  if (!startsWith(bytes, segmentHeader.digest, expected)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeader.size);
  return {
    version: view.getUint32(segmentHeader.version, true),
    role: roles[view.getUint32(segmentHeader.role, true)] ?? 'shared',
    segmentId: view.getBigUint64(segmentHeader.segmentId, true),
    createdAtMs: view.getFloat64(segmentHeader.createdAtMs, true),
  };
}

export type NewRecord = Omit<RecordHead, 'payloadOffset'>;

/** Header and text, padded to where the payload starts. */
export function encodeRecordHead(record: NewRecord, digest: Digest): Uint8Array<ArrayBuffer> {
  const { job, kind, key, meta } = record;
  const text = new TextEncoder().encode(JSON.stringify({ job, kind, key, meta } satisfies RecordText));
  if (text.length > MAX_TEXT_BYTES)
    throw new RangeError(
      `The meta of ${kind} ${key} has ${text.length} bytes; put that much into the payload.`,
    );
  const bytes = new Uint8Array(alignUp(recordHeader.size + text.length));
  const view = new DataView(bytes.buffer);
  bytes.set(recordMagic, recordHeader.magic);
  view.setUint32(recordHeader.operation, operations.indexOf(record.operation), true);
  view.setUint32(recordHeader.textBytes, text.length, true);
  view.setBigUint64(recordHeader.payloadBytes, BigInt(record.payloadBytes), true);
  view.setBigUint64(recordHeader.sequence, BigInt(record.sequence), true);
  view.setBigUint64(recordHeader.epoch, BigInt(record.epoch), true);
  view.setBigUint64(recordHeader.segmentId, record.segmentId, true);
  view.setBigUint64(recordHeader.offset, BigInt(record.offset), true);
  bytes.set(hexToBytes(record.payloadDigest), recordHeader.payloadDigest);
  bytes.set(text, recordHeader.size);
  bytes.set(headerDigest(bytes, text.length, digest), recordHeader.headerDigest);
  return bytes;
}

/** Length of header and text that the fixed header speaks of, or null when it is none for this place. */
export function recordHeadBytes(bytes: Uint8Array, at: number): number | null {
  if (bytes.length - at < recordHeader.size || !startsWith(bytes, at, recordMagic)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, recordHeader.size);
  const textBytes = view.getUint32(recordHeader.textBytes, true);
  return textBytes > MAX_TEXT_BYTES ? null : recordHeader.size + textBytes;
}

/** Whether the fixed header at `at` claims to be a record at `offset` of this segment; cheap, no digest. */
export function isRecordHeadFor(
  bytes: Uint8Array,
  at: number,
  offset: number,
  segmentId: bigint | null,
): boolean {
  if (bytes.length - at < recordHeader.size || !startsWith(bytes, at, recordMagic)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, recordHeader.size);
  if (segmentId !== null && view.getBigUint64(recordHeader.segmentId, true) !== segmentId) return false;
  return view.getBigUint64(recordHeader.offset, true) === BigInt(offset);
}

/**
 * The record head at `at` of `bytes`, which lies at `offset` of the segment file; null when the bytes are too few or
 * are no record, are damaged, or belong to another place or segment (`segmentId` null accepts any).
 */
export function decodeRecordHead(
  bytes: Uint8Array,
  at: number,
  offset: number,
  segmentId: bigint | null,
  digest: Digest,
): RecordHead | null {
  if (!isRecordHeadFor(bytes, at, offset, segmentId)) return null;
  const headBytes = recordHeadBytes(bytes, at);
  if (headBytes === null || bytes.length - at < headBytes) return null;
  const head = bytes.subarray(at, at + headBytes);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const textBytes = headBytes - recordHeader.size;
  if (!startsWith(head, recordHeader.headerDigest, headerDigest(head, textBytes, digest))) return null;
  const text = JSON.parse(new TextDecoder().decode(head.subarray(recordHeader.size))) as RecordText;
  return {
    ...text,
    operation: operations[view.getUint32(recordHeader.operation, true)] ?? 'put',
    sequence: Number(view.getBigUint64(recordHeader.sequence, true)),
    epoch: Number(view.getBigUint64(recordHeader.epoch, true)),
    segmentId: view.getBigUint64(recordHeader.segmentId, true),
    offset,
    payloadOffset: offset + alignUp(headBytes),
    payloadBytes: Number(view.getBigUint64(recordHeader.payloadBytes, true)),
    payloadDigest: bytesToHex(head.subarray(recordHeader.payloadDigest, recordHeader.payloadDigest + 16)),
  };
}

/** Over the fixed header up to the digest's own place, then the text. */
function headerDigest(head: Uint8Array, textBytes: number, digest: Digest): Uint8Array {
  return digest.bytes(
    head.subarray(0, recordHeader.headerDigest),
    head.subarray(recordHeader.size, recordHeader.size + textBytes),
  );
}

function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i += 1) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function hexToBytes(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16),
  );
}

export function bytesToHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
