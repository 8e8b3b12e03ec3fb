import { decodeCheckpoint, type Checkpoint, type EpochRecord } from '../../training/checkpoint.ts';
import type { TrainingConfig } from '../../training/config.ts';
import type { StepProgress } from '../../training/fit.ts';
import { UnknownIdError } from '../errors.ts';
import { plannedSteps } from './run-data.ts';
import { liveChain } from './run-lineage.ts';
import type { Part, RunProgress, RunRecord, RunSpec, StoredCheckpoint } from './run-record.ts';
import { PARTS } from './run-record.ts';
import type { CheckpointStatus, RunState, RunStatus } from '../training-protocol.ts';

/** What a running training was asked to do before its next step. */
export type RunEndRequest = 'pause' | 'stop' | null;

type Point = readonly [number, number, number];
const MOST_POINTS = 2000;
/** Errors with which a checkpoint's bytes show themselves damaged. */
const DAMAGED = new Set(['DamagedRecordError', 'MissingRecordError', 'CheckpointError']);

/** One run as this session knows it; knows nothing of devices or embeddings. `RunRunner` carries it out. */
export class RunJob {
  readonly id: string;
  readonly spec: RunSpec;
  readonly record: RunRecord;
  progress: RunProgress;
  state: RunState;
  endRequest: RunEndRequest = null;
  /** Settings in force: those of the newest checkpoint. */
  config: TrainingConfig;
  device: string;
  #checkpoints: readonly StoredCheckpoint[] = [];
  /** Sequence numbers of checkpoints that could not be read: one written anew under the same key is another. */
  readonly #damaged = new Set<number>();
  #history: EpochRecord[] = [];
  #points: Point[] = [];
  #step = 0;
  /** Key of the checkpoint that is shown; null while training shows itself. */
  #shown: string | null = null;
  readonly #ended: (() => void)[] = [];

  constructor(record: RunRecord, spec: RunSpec, progress: RunProgress) {
    this.id = record.id;
    this.record = record;
    this.spec = spec;
    this.progress = progress;
    this.config = spec.config;
    this.device = spec.backend;
    this.state = progress.state === 'running' ? 'interrupted' : progress.state;
  }

  get isActive(): boolean {
    return this.state === 'running' || this.state === 'queued';
  }

  get branch(): number {
    return this.progress.branches.at(-1)?.number ?? 0;
  }

  get allCheckpoints(): readonly StoredCheckpoint[] {
    return this.#checkpoints;
  }

  /** Those that lead to where the run stands, oldest first. */
  get chain(): readonly StoredCheckpoint[] {
    return liveChain(this.#checkpoints, this.progress.branches);
  }

  get last(): StoredCheckpoint | null {
    return this.chain.findLast(({ ref }) => !this.#damaged.has(ref.sequence)) ?? null;
  }

  /** The best so far by validation; null without validation, or where it was deleted. */
  get best(): StoredCheckpoint | null {
    const key = this.last?.meta.best;
    return this.#checkpoints.find((one) => one.key === key) ?? null;
  }

  /** @throws UnknownIdError */
  checkpoint(key: string): StoredCheckpoint {
    const found = this.#checkpoints.find((one) => one.key === key);
    if (!found) throw new UnknownIdError('checkpoint', key);
    return found;
  }

  /** Reads everything anew: at the start, and after another tab wrote. */
  async refresh(): Promise<void> {
    await this.refreshCheckpoints();
    if (this.isActive) return;
    const progress = await this.record.readProgress();
    if (!progress) return;
    this.progress = progress;
    this.state = progress.state === 'running' ? 'interrupted' : progress.state;
    this.#doubtFinished();
  }

  /** Reads the list of checkpoints anew, after a commit or a deletion. */
  async refreshCheckpoints(): Promise<void> {
    this.#checkpoints = await this.record.checkpoints();
  }

  /** Takes history and settings from the newest checkpoint, so that an ended run can be shown. */
  async loadHistory(): Promise<void> {
    if (this.isActive || this.#shown === this.last?.key) return;
    const found = await this.newestIntact();
    this.show(found?.checkpoint ?? null);
    this.#shown = found?.key ?? null;
    this.#doubtFinished();
  }

  /** A finished run whose last checkpoint turned out damaged has something to do again. */
  #doubtFinished(): void {
    if (
      this.state === 'finished' &&
      this.#damaged.size > 0 &&
      (this.last?.meta.epoch ?? 0) < this.config.epochs
    )
      this.state = 'interrupted';
  }

  /** @throws DamagedRecordError, CheckpointError */
  async read(stored: StoredCheckpoint): Promise<Checkpoint> {
    try {
      const bytes = await this.record.read(stored);
      return decodeCheckpoint(bytes, stored.key);
    } catch (error) {
      if (error instanceof Error && DAMAGED.has(error.name)) this.#damaged.add(stored.ref.sequence);
      throw error;
    }
  }

  /**
   * The newest checkpoint of the chain that can be read, with a sentence where a newer one could not; null where there
   * is none. What is not damage (a lost lock, say) is thrown.
   */
  async newestIntact(): Promise<{
    readonly key: string;
    readonly checkpoint: Checkpoint;
    readonly notice: string | null;
  } | null> {
    const unreadable: string[] = [];
    for (const stored of this.chain.toReversed()) {
      try {
        const checkpoint = await this.read(stored);
        const notice =
          unreadable.length === 0
            ? null
            : `${sayDamaged(unreadable)} The run goes on from ${stored.key}, the one before.`;
        return { key: stored.key, checkpoint, notice };
      } catch (error) {
        if (!(error instanceof Error && DAMAGED.has(error.name))) throw error;
        unreadable.push(stored.key);
      }
    }
    if (unreadable.length > 0)
      this.note(`${sayDamaged(unreadable)} There is none before, so the run starts anew.`);
    return null;
  }

  /** Shows where a checkpoint stands: its history, its curve, its settings. */
  show(checkpoint: Checkpoint | null): void {
    this.config = checkpoint?.config ?? this.spec.config;
    this.#history = [...(checkpoint?.history.epochs ?? [])];
    this.#step = checkpoint?.step ?? 0;
    const { stepLoss, stepLearningRate } = checkpoint?.history ?? { stepLoss: [], stepLearningRate: [] };
    const every = Math.max(1, Math.ceil(stepLoss.length / MOST_POINTS));
    this.#points = [];
    for (let i = every - 1; i < stepLoss.length; i += every)
      this.#points.push([i + 1, stepLoss[i]!, stepLearningRate[i]!]);
  }

  advance({ step, loss, learningRate }: StepProgress): void {
    this.#shown = null;
    this.#step = step;
    this.#points.push([step, loss, learningRate]);
    if (this.#points.length > MOST_POINTS) this.#points = this.#points.filter((_, i) => i % 2 === 1);
  }

  addEpoch(record: EpochRecord): void {
    this.#history.push(record);
  }

  note(sentence: string): void {
    if (!this.progress.notices.includes(sentence))
      this.progress = { ...this.progress, notices: [...this.progress.notices, sentence] };
  }

  async setState(state: RunProgress['state'], notice: string | null): Promise<void> {
    this.state = state;
    this.progress = { ...this.progress, state, notice };
    await this.record.writeProgress(this.progress);
  }

  /** Writes a change of pins, branches or retention without a change of state. */
  async update(change: Partial<Omit<RunProgress, 'state'>>): Promise<void> {
    this.progress = { ...this.progress, ...change };
    await this.record.writeProgress(this.progress);
  }

  /** Resolves when the run has finished, stopped or failed. */
  async ended(): Promise<void> {
    while (this.isActive || this.state === 'paused' || this.state === 'interrupted')
      await new Promise<void>((resolve) => {
        this.#ended.push(resolve);
      });
  }

  announceEnd(): void {
    for (const resolve of this.#ended.splice(0)) resolve();
  }

  status(writable: boolean): RunStatus {
    const { spec, config, last, best } = this;
    const steps = plannedSteps(spec, config);
    const { source } = spec;
    const count = (part: Part): number => {
      const code = PARTS.indexOf(part);
      return spec.parts.reduce<number>((sum, of) => sum + (of === code ? 1 : 0), 0);
    };
    const score = best?.meta.record?.validation?.[config.selectBy] ?? null;
    return {
      id: this.id,
      name: spec.name,
      state: this.state,
      epoch: this.isActive ? this.#history.length : (last?.meta.epoch ?? 0),
      epochs: config.epochs,
      step: this.#step,
      totalSteps: steps.total,
      config,
      split: spec.split,
      target: spec.target,
      source,
      classes: spec.classes,
      counts: { train: count('train'), validation: count('validation'), test: count('test') },
      history: this.#history,
      steps: this.#points,
      best:
        best && score !== null
          ? { metric: config.selectBy, score, epoch: best.meta.record?.epoch ?? 0, checkpoint: best.key }
          : null,
      parent: spec.parent,
      device: this.device,
      createdAt: spec.createdAt,
      notice: this.progress.notice,
      notices: this.progress.notices,
      writable,
    };
  }

  checkpointStatuses(): CheckpointStatus[] {
    const chain = new Set(this.chain.map(({ key }) => key));
    const [last, best] = [this.last?.key, this.best?.key];
    return this.#checkpoints.map(({ key, ref, meta }) => ({
      name: key,
      epoch: meta.epoch,
      step: meta.step,
      endsEpoch: meta.endsEpoch,
      isLast: key === last,
      isBest: key === best,
      isPinned: this.progress.pinned.includes(key),
      isIntact: !this.#damaged.has(ref.sequence),
      metrics: meta.record?.validation ?? null,
      parent: meta.parent,
      createdAt: meta.createdAt,
      sizeBytes: ref.sizeBytes,
      isAbandoned: !chain.has(key),
    }));
  }
}

function sayDamaged(keys: readonly string[]): string {
  return keys.length === 1
    ? `The newest checkpoint, ${keys[0]}, is damaged on disk.`
    : `The ${keys.length} newest checkpoints (${keys.join(', ')}) are damaged on disk.`;
}
