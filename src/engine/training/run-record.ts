import type { SplitMethod } from '../../dataset/split.ts';
import type { EpochRecord } from '../../training/checkpoint.ts';
import type { TrainingConfig } from '../../training/config.ts';
import type { RetentionPolicy } from '../../training/retention.ts';
import type { JsonValue, RecordRef, RecordStore } from '../../shards/store.ts';

/** Where a run's embeddings are: an extraction of this store, or a kept copy of a file that was brought along. */
export interface RunSource {
  readonly kind: 'extraction' | 'file';
  /** Id of the extraction, or digest of the file. */
  readonly id: string;
  readonly name: string;
  readonly encoder: string | null;
  /** The dataset whose labels were learned; null for a file. */
  readonly dataset: string | null;
  /** Which of the kept layers is read, by its place among them; null reads all. */
  readonly layer: number | null;
}

/** Which part an example is in, as stored: index into {@link PARTS}, −1 for none. */
export type PartCode = -1 | 0 | 1 | 2;
export const PARTS = ['train', 'validation', 'test'] as const;
export type Part = (typeof PARTS)[number];

/**
 * What a run is, written once when it is made. Labels and split are written out, so that labels that change later
 * change no run that goes on.
 */
export interface RunSpec {
  readonly format: 1;
  readonly name: string;
  readonly source: RunSource;
  readonly target: 'label' | 'speaker';
  readonly split: SplitMethod;
  readonly config: TrainingConfig;
  readonly backend: 'wasm' | 'webgpu';
  readonly createdAt: string;
  /** The run and checkpoint whose weights it started from. */
  readonly parent: { readonly run: string; readonly checkpoint: string } | null;
  /** File whose weights it started from. */
  readonly weightsFile: string | null;
  readonly classes: readonly string[];
  /** One entry per example, in the order in which it was trained. */
  readonly ids: readonly string[];
  readonly labels: readonly number[];
  readonly speakers: readonly (string | null)[];
  readonly parts: readonly PartCode[];
}

/** A stretch of a run that began at a checkpoint of another stretch, with other settings or earlier than the last. */
export interface RunBranch {
  readonly number: number;
  /** Key of the checkpoint it forked from; null for the first. */
  readonly from: string | null;
}

/** How a run stood when it was last touched. */
export interface RunProgress {
  readonly state: 'running' | 'paused' | 'stopped' | 'finished' | 'failed';
  readonly notice: string | null;
  readonly notices: readonly string[];
  /** Oldest first; the last one is the one that goes on. */
  readonly branches: readonly RunBranch[];
  readonly pinned: readonly string[];
  readonly retention: RetentionPolicy;
}

/** What is known of a checkpoint without reading it. */
export interface CheckpointMeta {
  readonly branch: number;
  readonly epoch: number;
  readonly step: number;
  readonly endsEpoch: boolean;
  /** Of the epoch that it ends. */
  readonly record: EpochRecord | null;
  /** Key of the best one so far; it ended an epoch of this branch or of one before. */
  readonly best: string | null;
  /** Key of the checkpoint that this stretch of training started from. */
  readonly parent: string | null;
  readonly createdAt: string;
  readonly device: string;
}

export interface StoredCheckpoint {
  readonly key: string;
  readonly ref: RecordRef;
  readonly meta: CheckpointMeta;
}

const PREFIX = 'run-';
const SPEC = 'run';
const PROGRESS = 'progress';
const CHECKPOINT = 'checkpoint';
const WEIGHTS = 'weights';

/** The run's id behind a job of the store; null when the job is no run. */
export function runIdOf(job: string): string | null {
  return job.startsWith(PREFIX) ? job.slice(PREFIX.length) : null;
}

/** Reads and writes one run's records. */
export class RunRecord {
  readonly id: string;
  readonly job: string;
  readonly #store: () => RecordStore;

  /** `store` is asked each time, because a tab that becomes the writer opens the store anew. */
  constructor(store: () => RecordStore, id: string) {
    this.#store = store;
    this.id = id;
    this.job = PREFIX + id;
  }

  async writeSpec(spec: RunSpec): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(spec));
    await this.#store().append(this.job, SPEC, SPEC, { format: 1, name: spec.name }, payload);
  }

  async readSpec(): Promise<RunSpec | null> {
    const ref = await this.#store().find(this.job, SPEC, SPEC);
    if (!ref) return null;
    return JSON.parse(new TextDecoder().decode(await this.#store().read(ref))) as RunSpec;
  }

  async writeProgress(progress: RunProgress): Promise<void> {
    await this.#store().append(this.job, PROGRESS, PROGRESS, asJson(progress), new Uint8Array(0));
  }

  async readProgress(): Promise<RunProgress | null> {
    const ref = await this.#store().find(this.job, PROGRESS, PROGRESS);
    return ref ? (ref.meta as unknown as RunProgress) : null;
  }

  /** The file whose weights the run starts from, so that a run that ends before its first checkpoint has them. */
  async writeStartWeights(file: Uint8Array): Promise<void> {
    await this.#store().append(this.job, WEIGHTS, WEIGHTS, {}, file);
  }

  async readStartWeights(): Promise<Uint8Array<ArrayBuffer> | null> {
    const ref = await this.#store().find(this.job, WEIGHTS, WEIGHTS);
    return ref ? this.#store().read(ref) : null;
  }

  /** Takes the payload over; resolves when the checkpoint is safe. @throws StorageFullError and what else `append` throws. */
  async writeCheckpoint(key: string, meta: CheckpointMeta, payload: Uint8Array): Promise<void> {
    await this.#store().append(this.job, CHECKPOINT, key, asJson(meta), payload, { isHandedOver: true });
  }

  /** Oldest first, as they were committed. */
  async checkpoints(): Promise<StoredCheckpoint[]> {
    const refs = await this.#store().records(this.job, CHECKPOINT);
    return refs.map((ref) => ({ key: ref.key, ref, meta: ref.meta as unknown as CheckpointMeta }));
  }

  /** @throws DamagedRecordError */
  read(checkpoint: StoredCheckpoint): Promise<Uint8Array<ArrayBuffer>> {
    return this.#store().read(checkpoint.ref);
  }

  async forgetCheckpoint(key: string): Promise<void> {
    await this.#store().forget(this.job, CHECKPOINT, key);
  }

  /** Bytes of checkpoints that were pruned or replaced. */
  async freeableBytes(): Promise<number> {
    return (await this.#store().space(this.job)).freeableBytes;
  }

  async compact(): Promise<void> {
    await this.#store().compact(this.job);
  }

  async remove(): Promise<void> {
    await this.#store().removeJob(this.job);
  }
}

function asJson(value: RunProgress | CheckpointMeta): JsonValue {
  return value as unknown as JsonValue;
}
