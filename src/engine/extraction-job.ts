import { exampleCount, type ExampleOrder } from '../experiments/examples.ts';
import { planShards, type PlannedShard } from '../experiments/shard-plan.ts';
import { shardName } from '../shards/shard-rows.ts';
import {
  accountedFor,
  firstIndex,
  rowCount,
  type CommittedShard,
  type ExtractionProgress,
  type ExtractionRecord,
  type ExtractionSpec,
} from './extraction-record.ts';
import { PaceMeter } from './pace-meter.ts';
import type { ExtractionPace, JobState, JobStatus, ShardStatus } from './protocol.ts';
import { StageTimings } from './stage-timings.ts';

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
  #damaged = new Set<string>();
  #verified = new Set<string>();
  #inFlight: { first: number; last: number; rows: number; failed: number } | null = null;
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
    return accountedFor(this.#shards).size === this.total;
  }

  /** Reads the committed shards anew: after a commit, in another tab, after verifying. */
  async refresh(): Promise<void> {
    this.#shards = await this.record.shards();
    const progress = await this.record.readProgress();
    if (progress && !this.isActive) {
      this.pace = progress.pace;
      this.notice = progress.notice;
    }
    if (this.state === 'finished' && !this.isComplete) this.state = 'interrupted';
  }

  plan(): PlannedShard[] {
    return planShards(this.total, accountedFor(this.#shards), this.pace.shardSize);
  }

  startShard(sampleIndices: readonly number[]): void {
    this.#inFlight = { first: sampleIndices[0] ?? 0, last: sampleIndices.at(-1) ?? 0, rows: 0, failed: 0 };
  }

  advance(rows: number, failed: number, audioSec: number): void {
    if (this.#inFlight) {
      this.#inFlight.rows += rows;
      this.#inFlight.failed += failed;
    }
    this.meter.add(audioSec, rows + failed);
  }

  endShard(): void {
    this.#inFlight = null;
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
    const inFlight = this.#inFlight ?? { rows: 0, failed: 0 };
    const done = this.#shards.reduce((sum, { meta }) => sum + rowCount(meta), inFlight.rows);
    const failures = this.#shards.flatMap(({ meta }) => meta.failed);
    const failed = failures.length + inFlight.failed;
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
      else if (this.#inFlight?.first === first) state = 'in flight';
      else if (this.state === 'failed') state = 'failed';
      return { first, name, sizeBytes: 0, state };
    });
    return [...committed, ...planned]
      .sort((a, b) => a.first - b.first)
      .map(({ name, state, sizeBytes }) => ({ name, state, sizeBytes }));
  }
}
