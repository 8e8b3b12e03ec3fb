import type { FoldMethod } from '../../dataset/split.ts';
import type { JsonValue, RecordRef, RecordStore } from '../../shards/store.ts';
import type { TrainingConfig } from '../../training/config.ts';
import type { MetricSummary } from '../../training/metrics/evaluation.ts';
import type { RunSource } from './run-record.ts';

/** What a cross-validation is, written once before anything is trained. */
export interface CrossValidationSpec {
  readonly format: 1;
  readonly source: RunSource;
  readonly target: 'label' | 'speaker';
  readonly method: FoldMethod;
  readonly config: TrainingConfig;
  readonly backend: 'wasm' | 'webgpu';
  readonly createdAt: string;
  readonly classes: readonly string[];
  readonly foldNames: readonly string[];
  /** One entry per example. */
  readonly ids: readonly string[];
  readonly labels: readonly number[];
  /** The fold whose clip it is. */
  readonly foldOf: readonly number[];
  /** False for augmented versions: they are trained on, never judged by. */
  readonly isTested: readonly boolean[];
  /** Over embeddings, labels and folds. */
  readonly dataDigest: string;
}

export interface CrossValidationProgress {
  readonly state: 'running' | 'paused' | 'finished' | 'failed';
  readonly notice: string | null;
}

export interface KeptFold {
  readonly name: string;
  readonly ref: RecordRef;
  readonly summary: MetricSummary;
}

const PREFIX = 'cross-validation-';
const SPEC = 'cross-validation';
const PROGRESS = 'progress';
const FOLD = 'fold';
const CHECKPOINT = 'checkpoint';
const WORTH_COMPACTING_BYTES = 64e6;

/** The id behind a job of the store; null when the job is no cross-validation. */
export function crossValidationIdOf(job: string): string | null {
  return job.startsWith(PREFIX) ? job.slice(PREFIX.length) : null;
}

/** True when some kept cross-validation learns from this source. */
export async function isCrossValidated(store: RecordStore, source: string): Promise<boolean> {
  for (const job of await store.jobs()) {
    if (crossValidationIdOf(job) === null) continue;
    const ref = await store.find(job, SPEC, SPEC);
    if ((ref?.meta as { readonly source?: string } | undefined)?.source === source) return true;
  }
  return false;
}

/** Reads and writes one cross-validation's records. */
export class CrossValidationRecord {
  readonly #store: () => RecordStore;
  readonly #job: string;

  /** `store` is asked each time, because a tab that becomes the writer opens the store anew. */
  constructor(store: () => RecordStore, id: string) {
    this.#store = store;
    this.#job = PREFIX + id;
  }

  async writeSpec(spec: CrossValidationSpec): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(spec));
    await this.#store().append(this.#job, SPEC, SPEC, { format: 1, source: spec.source.id }, payload);
  }

  async readSpec(): Promise<CrossValidationSpec | null> {
    const ref = await this.#store().find(this.#job, SPEC, SPEC);
    if (!ref) return null;
    return JSON.parse(new TextDecoder().decode(await this.#store().read(ref))) as CrossValidationSpec;
  }

  async writeProgress(progress: CrossValidationProgress): Promise<void> {
    const meta = progress as unknown as JsonValue;
    await this.#store().append(this.#job, PROGRESS, PROGRESS, meta, new Uint8Array(0));
  }

  async readProgress(): Promise<CrossValidationProgress | null> {
    const ref = await this.#store().find(this.#job, PROGRESS, PROGRESS);
    return ref ? (ref.meta as unknown as CrossValidationProgress) : null;
  }

  /** Keeps the logits and figures of a fold that is done, then lets go of its checkpoint. */
  async writeFold(name: string, logits: Float32Array, summary: MetricSummary): Promise<void> {
    const payload = new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength);
    await this.#store().append(this.#job, FOLD, name, { summary: { ...summary } }, payload);
    await this.#store().forget(this.#job, CHECKPOINT, CHECKPOINT);
    const { freeableBytes } = await this.#store().space(this.#job);
    if (freeableBytes > WORTH_COMPACTING_BYTES) await this.#store().compact(this.#job);
  }

  /** The folds that are kept, their figures without reading them. */
  async folds(): Promise<readonly KeptFold[]> {
    const refs = await this.#store().records(this.#job, FOLD);
    return refs.map((ref) => {
      const { summary } = ref.meta as unknown as { readonly summary: MetricSummary };
      return { name: ref.key, ref, summary };
    });
  }

  /** @throws DamagedRecordError */
  async readFold({ ref }: KeptFold): Promise<Float32Array> {
    return new Float32Array((await this.#store().read(ref)).buffer);
  }

  /** Takes the payload over. There is one checkpoint at a time: of the fold in hand. */
  async writeCheckpoint(fold: string, payload: Uint8Array): Promise<void> {
    await this.#store().append(this.#job, CHECKPOINT, CHECKPOINT, { fold }, payload, { isHandedOver: true });
  }

  /** @throws DamagedRecordError */
  async readCheckpoint(): Promise<{ readonly fold: string; readonly bytes: Uint8Array<ArrayBuffer> } | null> {
    const ref = await this.#store().find(this.#job, CHECKPOINT, CHECKPOINT);
    if (!ref) return null;
    const { fold } = ref.meta as { readonly fold: string };
    return { fold, bytes: await this.#store().read(ref) };
  }

  async remove(): Promise<void> {
    await this.#store().removeJob(this.#job);
  }
}
