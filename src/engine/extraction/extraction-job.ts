import { exampleCount, type ExampleOrder } from '../../experiments/examples.ts';
import { planShards, splitAtGaps, type PlannedShard } from '../../experiments/shard-plan.ts';
import { shardName } from '../../shards/shard-rows.ts';
import {
  accountedFor,
  currentFailures,
  firstIndex,
  rowCount,
  type CommittedShard,
  type ExtractionProgress,
  type ExtractionRecord,
  type ExtractionSpec,
  type FailedRow,
} from './extraction-record.ts';
import { PaceMeter } from './pace-meter.ts';
import type { ExtractionPace, JobState, JobStatus, ShardStatus } from '../protocol.ts';
import { StageTimings } from './stage-timings.ts';

/** A shard that is begun and not yet committed. */
interface ShardInFlight {
  readonly first: number;
  rows: number;
  failed: number;
}

/** What a running extraction was asked to do at the end of its batch. */
export type EndRequest = 'pause' | 'stop' | null;

/**
 * One extraction as this session knows it: its spec, its committed shards, how it stands. Knows nothing of devices or
 * files; `ExtractionRunner` carries it out.
 */
export class ExtractionJob {
  readonly id: string;
  readonly spec: ExtractionSpec;
  readonly record: ExtractionRecord;
  readonly timings = new StageTimings();
  readonly meter = new PaceMeter();
  pace: ExtractionPace;
  state: JobState;
  notice: string | null;
  endRequest: EndRequest = null;
  #shards: readonly CommittedShard[] = [];
  #failures: readonly FailedRow[] = [];
  /** Examples to be computed again although a record accounts for them, and the last record from before that. */
  #redo: { readonly indices: Set<number>; readonly afterSequence: number } | null = null;
  #damaged = new Set<string>();
  #verified = new Set<string>();
  /** Shards begun and not yet acknowledged, oldest first: the one being encoded, and the one being committed. */
  #inFlight: ShardInFlight[] = [];
  readonly #ended: (() => void)[] = [];

  constructor(record: ExtractionRecord, spec: ExtractionSpec, progress: ExtractionProgress) {
    this.id = record.id;
    this.record = record;
    this.spec = spec;
    this.pace = progress.pace;
    this.state = progress.state === 'running' ? 'interrupted' : progress.state;
    this.notice = progress.notice;
  }

  get order(): ExampleOrder {
    return { utterances: this.spec.clips.length, versions: this.spec.settings.augmentations.versions };
  }

  get total(): number {
    return exampleCount(this.order);
  }

  get shards(): readonly CommittedShard[] {
    return this.#shards;
  }

  get isActive(): boolean {
    return this.state === 'running' || this.state === 'queued';
  }

  get isComplete(): boolean {
    return this.#redo === null && accountedFor(this.#shards).size === this.total;
  }

  /** Reads the committed shards anew, as after verifying. */
  async refresh(): Promise<void> {
    this.#take(await this.record.shards());
  }

  /** Takes up a shard that was committed, in one step: its rows count either as in flight or as committed. */
  async shardCommitted(firstIndex: number): Promise<void> {
    const shards = await this.record.shards();
    this.#inFlight = this.#inFlight.filter(({ first }) => first !== firstIndex);
    this.#take(shards);
  }

  #take(shards: readonly CommittedShard[]): void {
    this.#shards = shards;
    this.#failures = currentFailures(this.#shards);
    this.#noteRedone();
    if (this.state === 'finished' && !this.isComplete) this.state = 'interrupted';
  }

  /** Takes up what another tab wrote: shards, and how the extraction stands. */
  async follow(): Promise<void> {
    const progress = await this.record.readProgress();
    if (progress && !this.isActive) {
      this.pace = progress.pace;
      this.notice = progress.notice;
      this.state = progress.state === 'running' ? 'interrupted' : progress.state;
    }
    await this.refresh();
    if (this.state === 'interrupted' && this.isComplete) this.state = 'finished';
  }

  /** Marks the clips that failed to be tried again; false when none did. */
  retryFailed(): boolean {
    if (this.#failures.length === 0) return false;
    this.#redo = {
      indices: new Set(this.#failures.map(({ index }) => index)),
      afterSequence: Math.max(...this.#shards.map(({ ref }) => ref.sequence)),
    };
    return true;
  }

  /** Takes those out of the list that a newer record accounts for. */
  #noteRedone(): void {
    if (!this.#redo) return;
    const { indices, afterSequence } = this.#redo;
    const newer = this.#shards.filter(({ ref }) => ref.sequence > afterSequence);
    for (const index of accountedFor(newer)) indices.delete(index);
    if (indices.size === 0) this.#redo = null;
  }

  plan(): PlannedShard[] {
    const accounted = accountedFor(this.#shards);
    if (!this.#redo) return planShards(this.total, accounted, this.pace.shardSize);
    for (const index of this.#redo.indices) accounted.delete(index);
    // A shard named like an older one replaces it: with no gaps, that one held nothing but the same failures.
    return splitAtGaps(planShards(this.total, accounted, this.pace.shardSize));
  }

  startShard(sampleIndices: readonly number[]): void {
    this.#inFlight.push({ first: sampleIndices[0] ?? 0, rows: 0, failed: 0 });
  }

  /** Counts examples of the shard begun last. */
  advance(rows: number, failed: number, audioSec: number): void {
    const shard = this.#inFlight.at(-1);
    if (shard) {
      shard.rows += rows;
      shard.failed += failed;
    }
    this.meter.add(audioSec, rows + failed);
  }

  /** Nothing is in flight any more: what was, is committed or will be done again. */
  endShards(): void {
    this.#inFlight = [];
  }

  markVerified(damaged: readonly string[]): void {
    this.#damaged = new Set(damaged);
    this.#verified = new Set(this.#shards.map(({ name }) => name).filter((name) => !this.#damaged.has(name)));
  }

  clearDamage(): void {
    this.#damaged = new Set();
  }

  get damaged(): ReadonlySet<string> {
    return this.#damaged;
  }

  async setState(state: Exclude<JobState, 'interrupted' | 'queued'>, notice: string | null): Promise<void> {
    this.state = state;
    this.notice = notice;
    await this.record.writeProgress({ state, notice, pace: this.pace });
  }

  /** Writes spec and progress again from memory, where their records were found damaged. */
  async rewriteNotes(): Promise<void> {
    const { state, notice, pace } = this;
    await this.record.writeSpec(this.spec);
    const written = state === 'interrupted' || state === 'queued' ? 'running' : state;
    await this.record.writeProgress({ state: written, notice, pace });
  }

  /** Resolves when the extraction has ended: finished, stopped or failed. */
  async ended(): Promise<void> {
    while (this.isActive || this.state === 'paused')
      await new Promise<void>((resolve) => {
        this.#ended.push(resolve);
      });
  }

  announceEnd(): void {
    for (const resolve of this.#ended.splice(0)) resolve();
  }

  status(writable: boolean): JobStatus {
    const { spec, pace, state, notice, total } = this;
    const inFlight = { rows: 0, failed: 0 };
    for (const shard of this.#inFlight) {
      inFlight.rows += shard.rows;
      inFlight.failed += shard.failed;
    }
    const done = this.#shards.reduce((sum, { meta }) => sum + rowCount(meta), inFlight.rows);
    const failures = this.#failures;
    const retried = this.#redo?.indices.size ?? 0;
    const failed = Math.max(0, failures.length - retried) + inFlight.failed;
    const perSec = this.meter.examplesPerSec;
    return {
      id: this.id,
      state,
      dataset: spec.dataset,
      encoder: { id: spec.encoder.id, name: spec.encoder.name },
      settings: spec.settings,
      pace,
      done,
      failed,
      total,
      shards: this.#shardStatuses(),
      failures: failures.map(({ path, errorName, reason }) => ({ path, errorName, reason })),
      createdAt: spec.createdAt,
      remainingSec: state === 'running' && perSec ? Math.max(0, total - done - failed) / perSec : null,
      timesRealTime: state === 'running' ? this.meter.timesRealTime : null,
      notice,
      writable,
      sizeBytes: this.#shards.reduce((sum, { ref }) => sum + ref.sizeBytes, 0),
      timings: this.timings.totals,
    };
  }

  #shardStatuses(): ShardStatus[] {
    const committed = this.#shards.map(({ name, ref, meta }) => ({
      first: firstIndex(meta),
      name,
      sizeBytes: ref.sizeBytes,
      state: this.#verified.has(name) ? ('verified' as const) : ('done' as const),
    }));
    const planned = this.plan().map(({ sampleIndices }) => {
      const first = sampleIndices[0] ?? 0;
      const last = sampleIndices.at(-1) ?? first;
      const name = shardName(first, last, this.total);
      let state: ShardStatus['state'] = 'pending';
      if (this.#damaged.has(name)) state = 'damaged';
      else if (this.#inFlight.some((shard) => shard.first === first)) state = 'in flight';
      else if (this.state === 'failed') state = 'failed';
      return { first, name, sizeBytes: 0, state };
    });
    return [...committed, ...planned]
      .sort((a, b) => a.first - b.first)
      .map(({ name, state, sizeBytes }) => ({ name, state, sizeBytes }));
  }
}
