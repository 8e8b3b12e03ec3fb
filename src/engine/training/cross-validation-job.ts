import { groupingWords } from '../../dataset/grouping.ts';
import type { FoldMethod } from '../../dataset/split.ts';
import { decodeCheckpoint, type Checkpoint } from '../../training/checkpoint.ts';
import { judgeFold, poolFolds, type FoldIndices, type FoldResult } from '../../training/cross-validate.ts';
import type { MetricSummary } from '../../training/metrics/evaluation.ts';
import type { CrossValidationResult, CrossValidationStatus } from '../training-protocol.ts';
import type {
  CrossValidationProgress,
  CrossValidationRecord,
  CrossValidationSpec,
} from './cross-validation-record.ts';

/** Errors with which a record's bytes show themselves damaged. */
const DAMAGED = new Set(['DamagedRecordError', 'MissingRecordError', 'CheckpointError']);

/** One cross-validation as this session knows it; `CrossValidations` carries it out. */
export class CrossValidationJob {
  readonly id: string;
  readonly spec: CrossValidationSpec;
  readonly record: CrossValidationRecord;
  state: CrossValidationStatus['state'];
  notice: string | null;
  isAskedToPause = false;
  readonly #folds: readonly FoldIndices[];
  /** Figures of the folds that are kept. */
  readonly #kept = new Map<string, MetricSummary>();
  /** Those of them that were read. */
  readonly #done = new Map<string, FoldResult>();
  readonly #labelled: { readonly labels: Int32Array; readonly classes: readonly string[] };

  constructor(
    id: string,
    record: CrossValidationRecord,
    spec: CrossValidationSpec,
    progress: CrossValidationProgress,
  ) {
    this.id = id;
    this.record = record;
    this.spec = spec;
    this.state = progress.state === 'running' ? 'interrupted' : progress.state;
    this.notice = progress.notice;
    this.#labelled = { labels: Int32Array.from(spec.labels), classes: spec.classes };
    const examples = spec.ids.map((_, index) => index);
    this.#folds = spec.foldNames.map((name, fold) => ({
      name,
      train: Int32Array.from(examples.filter((index) => spec.foldOf[index] !== fold)),
      test: Int32Array.from(examples.filter((index) => spec.foldOf[index] === fold && spec.isTested[index])),
    }));
  }

  get isActive(): boolean {
    return this.state === 'running' || this.state === 'queued';
  }

  get folds(): readonly FoldIndices[] {
    return this.#folds;
  }

  /** Those that are done and were read, in order. */
  get done(): readonly FoldResult[] {
    return this.#folds.flatMap(({ name }) => this.#done.get(name) ?? []);
  }

  /** Looks at what is kept, without reading the folds. */
  async refresh(): Promise<void> {
    if (this.isActive) return;
    this.#kept.clear();
    this.#done.clear();
    for (const { name, summary } of await this.record.folds()) this.#kept.set(name, summary);
    const progress = await this.record.readProgress();
    if (!progress) return;
    this.state = progress.state === 'running' ? 'interrupted' : progress.state;
    this.notice = progress.notice;
  }

  /** Reads the folds that are kept; one that is damaged on disk counts as not trained. */
  async load(): Promise<void> {
    for (const kept of await this.record.folds()) {
      const { name } = kept;
      const fold = this.#folds.find((one) => one.name === name);
      if (!fold || this.#done.has(name)) continue;
      const logits = await intact(() => this.record.readFold(kept));
      if (logits?.length === fold.test.length * this.spec.classes.length)
        this.#done.set(name, judgeFold({ name, test: fold.test, logits }, this.#labelled));
      else this.#kept.delete(name);
    }
  }

  /** The fold that was cut off; null where there is no checkpoint of one, or it is damaged. */
  async inProgress(): Promise<{ readonly name: string; readonly checkpoint: Checkpoint } | null> {
    return intact(async () => {
      const kept = await this.record.readCheckpoint();
      return kept && { name: kept.fold, checkpoint: decodeCheckpoint(kept.bytes, `the fold “${kept.fold}”`) };
    });
  }

  async keepFold(fold: FoldResult): Promise<void> {
    const { summary } = fold.evaluation;
    await this.record.writeFold(fold.name, fold.logits, summary);
    this.#kept.set(fold.name, summary);
    this.#done.set(fold.name, fold);
  }

  async setState(state: CrossValidationProgress['state'], notice: string | null): Promise<void> {
    this.state = state;
    this.notice = notice;
    await this.record.writeProgress({ state, notice });
  }

  /** All folds together, once they were read; null before the last is done. */
  result(): CrossValidationResult | null {
    const { done } = this;
    if (done.length < this.#folds.length) return null;
    const pooled = poolFolds(done, this.#labelled);
    return {
      method: this.spec.method,
      folds: done.map(({ name, evaluation }) => ({
        name,
        summary: evaluation.summary,
        count: evaluation.count,
      })),
      pooled: pooled.summary,
      classes: this.spec.classes,
      confusion: [...pooled.confusion.counts],
    };
  }

  status(writable: boolean): CrossValidationStatus {
    const { spec } = this;
    return {
      id: this.id,
      name: spec.source.name,
      source: spec.source,
      // A tab that watches cannot tell a session that was cut off from one at work elsewhere.
      state: !writable && this.state === 'interrupted' ? 'running' : this.state,
      method: spec.method,
      groups: wordsOf(spec.method),
      target: spec.target,
      config: spec.config,
      folds: this.#folds.map(({ name, test }) => ({
        name,
        count: test.length,
        summary: this.#kept.get(name) ?? null,
      })),
      createdAt: spec.createdAt,
      notice: this.notice,
      writable,
    };
  }
}

function wordsOf(method: FoldMethod): string | null {
  if (method.kind === 'leave-one-speaker-out') return 'speaker';
  return method.groups === 'none' ? null : groupingWords(method.groups);
}

/** What was read, or null where it is damaged: it is computed again. */
async function intact<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error && DAMAGED.has(error.name))) throw error;
    console.warn('A part of a cross-validation is damaged on disk and is computed again.', error);
    return null;
  }
}
