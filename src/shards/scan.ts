import type { Digest } from './digest128.ts';
import {
  ALIGNMENT,
  FORMAT_VERSION,
  MAX_TEXT_BYTES,
  alignUp,
  decodeRecordHead,
  decodeSegmentHead,
  isRecordHeadFor,
  recordEnd,
  recordHeadBytes,
  recordHeader,
  segmentHeader,
  type RecordHead,
  type SegmentHead,
} from './segment.ts';
import type { SegmentFile } from './segment-file.ts';

/** What the headers of one segment file say. Payloads are not read. */
export interface SegmentScan {
  /** Null when the file is empty or its first 64 bytes are damaged. */
  readonly head: SegmentHead | null;
  /** Taken from the head, or from the first intact record where the head is damaged; null when there is none. */
  readonly segmentId: bigint | null;
  readonly records: readonly RecordHead[];
  /** Stretches between intact records that hold no intact record: a damaged header, with what followed it. */
  readonly gaps: readonly { readonly start: number; readonly end: number }[];
  /** First byte after the last intact record (or after the segment's head). */
  readonly end: number;
  readonly sizeBytes: number;
  /** Written by a later version of this program: to be left alone. */
  readonly isFromTheFuture: boolean;
}

const SMALL_WINDOW = 4 << 10;
const LARGE_WINDOW = 64 << 10;
const RESYNC_WINDOW = 1 << 20;

/**
 * Hops from header to header. Where a header is not intact it looks for the next intact one at every 64th byte; a
 * record counts only with its own offset and segment id under its digest, so garbage costs one pass and no more.
 */
export async function scanSegment(file: SegmentFile, digest: Digest): Promise<SegmentScan> {
  const sizeBytes = await file.sizeBytes();
  const window = new ReadWindow(file, sizeBytes);
  const head = sizeBytes === 0 ? null : decodeSegmentHead(await window.at(0, segmentHeader.size), digest);
  if (head && head.version > FORMAT_VERSION)
    return {
      head,
      segmentId: head.segmentId,
      records: [],
      gaps: [],
      end: sizeBytes,
      sizeBytes,
      isFromTheFuture: true,
    };
  let segmentId = head?.segmentId ?? null;
  const records: RecordHead[] = [];
  const gaps: { start: number; end: number }[] = [];
  let end = head ? segmentHeader.size : 0;
  let at: number | null = segmentHeader.size;
  while (at !== null && at < sizeBytes) {
    const record = await headAt(window, at, segmentId, digest);
    if (record && recordEnd(record) <= sizeBytes) {
      if (at > end && end > 0) gaps.push({ start: end, end: at });
      segmentId = record.segmentId;
      records.push(record);
      end = recordEnd(record);
      at = end;
    } else at = await nextCandidate(file, at + ALIGNMENT, sizeBytes, segmentId);
  }
  return { head, segmentId, records, gaps, end, sizeBytes, isFromTheFuture: false };
}

async function headAt(
  window: ReadWindow,
  at: number,
  segmentId: bigint | null,
  digest: Digest,
): Promise<RecordHead | null> {
  const fixed = await window.at(at, recordHeader.size);
  if (!isRecordHeadFor(fixed, 0, at, segmentId)) return null;
  const headBytes = recordHeadBytes(fixed, 0);
  if (headBytes === null) return null;
  return decodeRecordHead(await window.at(at, headBytes), 0, at, segmentId, digest);
}

/** The next aligned offset from `from` on whose fixed header claims to be a record of this place, or null. */
async function nextCandidate(
  file: SegmentFile,
  from: number,
  sizeBytes: number,
  segmentId: bigint | null,
): Promise<number | null> {
  const chunk = new Uint8Array(RESYNC_WINDOW);
  const step = RESYNC_WINDOW - alignUp(recordHeader.size);
  for (let start = from; start < sizeBytes; start += step) {
    const length = await file.read(start, chunk);
    const bytes = chunk.subarray(0, length);
    for (let i = 0; i < step && i < length; i += ALIGNMENT)
      if (isRecordHeadFor(bytes, i, start + i, segmentId)) return start + i;
    if (length < RESYNC_WINDOW) return null;
  }
  return null;
}

/** Reads ahead: small records share one read, large ones cost one small read each. */
class ReadWindow {
  readonly #file: SegmentFile;
  readonly #sizeBytes: number;
  readonly #buffer = new Uint8Array(LARGE_WINDOW);
  #start = 0;
  #length = 0;

  constructor(file: SegmentFile, sizeBytes: number) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** `length` bytes from `at`, fewer at the end of the file. */
  async at(at: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.#sizeBytes - at, recordHeader.size + MAX_TEXT_BYTES));
    if (wanted > LARGE_WINDOW) {
      const bytes = new Uint8Array(wanted);
      return bytes.subarray(0, await this.#file.read(at, bytes));
    }
    if (at < this.#start || at + wanted > this.#start + this.#length) {
      const isNear = at <= this.#start + this.#length + SMALL_WINDOW;
      const target = this.#buffer.subarray(0, isNear ? LARGE_WINDOW : Math.max(SMALL_WINDOW, wanted));
      this.#length = await this.#file.read(at, target);
      this.#start = at;
    }
    const from = at - this.#start;
    return this.#buffer.subarray(from, Math.min(from + wanted, this.#length));
  }
}
