import { DamagedRecordError, MissingRecordError } from './errors.ts';
import { PIECE_BYTES, isPayloadIntact, readPayload } from './payload.ts';
import { toRef, type IndexedRecord, type RecordIndex } from './record-index.ts';
import { recordEnd, type RecordHead } from './segment.ts';
import type { Segment } from './segment-pool.ts';
import type { JobSpace, RecordRef, StoreChange, VerifyProgress } from './store.ts';
import { xxh128Stream } from '../lib/digest.ts';

/** Less dead weight than this is not worth rewriting a segment for. */
export const WORTH_COMPACTING_BYTES = 4096;

export interface WastedSegment {
  readonly segment: Segment;
  /** What compaction would carry over. */
  readonly needed: readonly IndexedRecord[];
  /** What it would free. */
  readonly deadBytes: number;
}

/** Bytes a record takes in its segment, header and padding included. */
export function footprint(record: RecordHead): number {
  return recordEnd(record) - record.offset;
}

/** The reading half of a store, the same for the writer and for a tab that watches. */
export abstract class IndexedStore {
  protected readonly index: RecordIndex;
  readonly #listeners = new Set<(change: StoreChange) => void>();

  constructor(index: RecordIndex) {
    this.index = index;
  }

  /** Where the record lies now. @throws MissingRecordError */
  protected locate(ref: RecordRef): Promise<IndexedRecord> {
    const record = this.index.bySequence(ref.sequence);
    if (record?.operation !== 'put') throw new MissingRecordError(ref.job, ref.kind, ref.key);
    return Promise.resolve(record);
  }

  /** What to do about a record of this job found damaged. */
  protected abstract setAside(record: IndexedRecord): Promise<void>;

  jobs(): Promise<readonly string[]> {
    return Promise.resolve(this.index.jobs());
  }

  records(job: string, kind?: string): Promise<readonly RecordRef[]> {
    return Promise.resolve(this.index.records(job, kind).map(toRef));
  }

  find(job: string, kind: string, key: string): Promise<RecordRef | null> {
    const record = this.index.find(job, kind, key);
    return Promise.resolve(record && toRef(record));
  }

  async read(ref: RecordRef): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.readRange(ref, 0, ref.sizeBytes);
    const digest = await xxh128Stream();
    digest.update(bytes);
    if (digest.hex() !== (await this.locate(ref)).payloadDigest) throw damaged(ref);
    return bytes;
  }

  async readRange(
    ref: RecordRef,
    offset: number,
    length: number,
    spare?: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const record = await this.locate(ref);
    const bytes = await readPayload(record.segment.file, record, offset, length, spare);
    if (bytes.length < length) throw damaged(ref);
    return bytes;
  }

  stream(ref: RecordRef): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    const hashing = xxh128Stream();
    return new ReadableStream(
      {
        pull: async (controller) => {
          const digest = await hashing;
          const length = Math.min(PIECE_BYTES, ref.sizeBytes - at);
          if (length > 0) {
            const piece = await this.readRange(ref, at, length);
            digest.update(piece);
            at += length;
            controller.enqueue(piece);
          }
          if (at < ref.sizeBytes) return;
          if (digest.hex() !== (await this.locate(ref)).payloadDigest) throw damaged(ref);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  async slice(ref: RecordRef): Promise<Blob> {
    const { segment, payloadOffset, payloadBytes } = await this.locate(ref);
    return segment.file.blob(payloadOffset, payloadOffset + payloadBytes);
  }

  async verify(
    job: string,
    onProgress?: (progress: VerifyProgress) => void,
  ): Promise<{ checked: number; damaged: readonly RecordRef[] }> {
    const refs = this.index.records(job).map(toRef);
    const found: RecordRef[] = [];
    for (const [i, ref] of refs.entries()) {
      // A record that was replaced meanwhile needs no check.
      if (this.index.find(job, ref.kind, ref.key)?.sequence === ref.sequence) {
        const record = await this.locate(ref);
        if (!(await isPayloadIntact(record.segment.file, record))) {
          found.push(ref);
          await this.setAside(record);
        }
      }
      onProgress?.({ checked: i + 1, total: refs.length });
    }
    return { checked: refs.length, damaged: found };
  }

  space(job: string): Promise<JobSpace> {
    const liveBytes = this.index.records(job).reduce((sum, record) => sum + footprint(record), 0);
    const wasted = this.wastedSegments(job, WORTH_COMPACTING_BYTES);
    return Promise.resolve({
      liveBytes,
      freeableBytes: wasted.reduce((sum, { deadBytes }) => sum + deadBytes, 0),
    });
  }

  /** The segments with records of this job that hold at least so much dead weight, or nothing else. */
  protected wastedSegments(job: string, leastBytes: number): WastedSegment[] {
    const homes = new Set<Segment>();
    for (const record of this.index.physical()) if (record.job === job) homes.add(record.segment);
    return [...homes]
      .map((segment) => {
        const needed = this.index.needed(segment);
        let deadBytes = 0;
        for (const record of this.index.physical())
          if (record.segment === segment) deadBytes += footprint(record);
        for (const record of needed) deadBytes -= footprint(record);
        return { segment, needed, deadBytes };
      })
      .filter(({ needed, deadBytes }) => needed.length === 0 || deadBytes >= leastBytes);
  }

  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  protected announce(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function damaged(ref: RecordRef): DamagedRecordError {
  return new DamagedRecordError(ref.job, ref.kind, ref.key);
}
