import type { RecordRef, RecordStore } from '../../shards/store.ts';
import type { ExtractionSettings } from '../../experiments/extraction-id.ts';
import type { JsonValue } from '../../lib/canonical-json.ts';
import type { EncoderSource } from '../encoder-registry.ts';
import type { ExtractionPace } from '../protocol.ts';

/** One clip as an extraction names it. */
export interface ExtractionClip {
  readonly path: string;
  readonly sizeBytes: number;
  readonly durationSec: number | null;
}

/** What an extraction is, written once when it is made; the store's truth. */
export interface ExtractionSpec {
  readonly format: 1;
  readonly dataset: { readonly id: string; readonly name: string };
  readonly encoder: {
    readonly id: string;
    readonly name: string;
    readonly source: EncoderSource;
    readonly layers: number;
    readonly hiddenSize: number;
    readonly weightsHash: string;
  };
  readonly settings: ExtractionSettings;
  readonly createdAt: string;
  readonly clips: readonly ExtractionClip[];
}

/** An example that has no row, with the reason. */
export interface FailedRow {
  readonly index: number;
  readonly path: string;
  readonly errorName: string;
  readonly reason: string;
}

/** What is known of a committed shard without reading its payload. */
export interface ShardMeta {
  /** Inclusive ranges of example indices that have a row, ascending. */
  readonly rows: readonly (readonly [number, number])[];
  readonly failed: readonly FailedRow[];
  /** Which device computed it, in words. */
  readonly device: string;
  readonly audioSec: number;
  /** File modification times, one per utterance of this shard: `[utterance, lastModified ms]`. */
  readonly modified: readonly (readonly [number, number])[];
}

/** How an extraction stood when it was last touched. */
export interface ExtractionProgress {
  readonly state: 'running' | 'paused' | 'stopped' | 'finished' | 'failed';
  readonly notice: string | null;
  readonly pace: ExtractionPace;
}

const SPEC = 'spec';
const SHARD = 'shard';
const PROGRESS = 'progress';

/** Reads and writes one extraction's records. */
export class ExtractionRecord {
  readonly id: string;
  readonly #store: () => RecordStore;

  /** `store` is asked each time, because a tab that becomes the writer opens the store anew. */
  constructor(store: () => RecordStore, id: string) {
    this.#store = store;
    this.id = id;
  }

  async writeSpec(spec: ExtractionSpec): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(spec));
    await this.#store().append(this.id, SPEC, SPEC, { format: 1, dataset: spec.dataset.id }, payload);
  }

  /** Null when this job of the store is no extraction. */
  async readSpec(): Promise<ExtractionSpec | null> {
    const [ref] = await this.#store().records(this.id, SPEC);
    if (!ref) return null;
    return JSON.parse(new TextDecoder().decode(await this.#store().read(ref))) as ExtractionSpec;
  }

  async writeProgress(progress: ExtractionProgress): Promise<void> {
    await this.#store().append(this.id, PROGRESS, PROGRESS, asJson(progress), new Uint8Array(0));
  }

  async readProgress(): Promise<ExtractionProgress | null> {
    const [ref] = await this.#store().records(this.id, PROGRESS);
    return ref ? (ref.meta as unknown as ExtractionProgress) : null;
  }

  async writeShard(name: string, meta: ShardMeta, payload: Uint8Array): Promise<RecordRef> {
    return this.#store().append(this.id, SHARD, name, asJson(meta), payload);
  }

  /** Committed shards by first example. */
  async shards(): Promise<CommittedShard[]> {
    const refs = await this.#store().records(this.id, SHARD);
    return refs
      .map((ref) => ({ name: ref.key, ref, meta: ref.meta as unknown as ShardMeta }))
      .sort((a, b) => firstIndex(a.meta) - firstIndex(b.meta));
  }

  async forgetShard(name: string): Promise<void> {
    await this.#store().forget(this.id, SHARD, name);
  }
}

export interface CommittedShard {
  readonly name: string;
  readonly ref: RecordRef;
  readonly meta: ShardMeta;
}

/** Lowest example index that a shard accounts for. */
export function firstIndex(meta: ShardMeta): number {
  return Math.min(meta.rows[0]?.[0] ?? Infinity, meta.failed[0]?.index ?? Infinity);
}

/** Every example index that the shards account for, with a row or with a failure. */
export function accountedFor(shards: readonly { readonly meta: ShardMeta }[]): Set<number> {
  const accounted = new Set<number>();
  for (const { meta } of shards) {
    for (const [first, last] of meta.rows)
      for (let index = first; index <= last; index += 1) accounted.add(index);
    for (const { index } of meta.failed) accounted.add(index);
  }
  return accounted;
}

/** Examples without a row as things stand: a later record of the same example counts, so a retried clip is told once. */
export function currentFailures(shards: readonly CommittedShard[]): FailedRow[] {
  const failures = new Map<number, FailedRow>();
  for (const { meta } of shards.toSorted((a, b) => a.ref.sequence - b.ref.sequence))
    for (const failure of meta.failed) failures.set(failure.index, failure);
  if (failures.size === 0) return [];
  for (const { meta } of shards)
    for (const index of failures.keys())
      if (meta.rows.some(([first, last]) => first <= index && index <= last)) failures.delete(index);
  return [...failures.values()].sort((a, b) => a.index - b.index);
}

export function rowCount(meta: ShardMeta): number {
  return meta.rows.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** Ascending indices as inclusive ranges. */
export function asRanges(indices: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const index of indices) {
    const range = ranges.at(-1);
    if (range && index === range[1] + 1) range[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
}

function asJson(value: ShardMeta | ExtractionProgress): JsonValue {
  return value as unknown as JsonValue;
}
