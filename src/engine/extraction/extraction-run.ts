import type { DecodePool, PreparedClip, PrepareRequest } from '../../audio/pool.ts';
import type { Device } from '../../device/backend.ts';
import type { EncodedWaveform } from '../../encoder/pooling.ts';
import type { Encoder } from '../../encoder/wavlm.ts';
import { examplePath, utteranceOf, versionOf, type ExampleOrder } from '../../experiments/examples.ts';
import type { PlannedShard } from '../../experiments/shard-plan.ts';
import { CommitQueue } from '../../lib/commit-queue.ts';
import { fullTurn } from '../../lib/page-turn.ts';
import { errorInWords, FolderGoneError } from '../errors.ts';
import type { ExtractionRecord, ExtractionSpec } from './extraction-record.ts';
import { Prefetcher } from './prefetch.ts';
import { ShardDraft, type FinishedShard } from './shard-draft.ts';
import type { StageTimings } from './stage-timings.ts';
import { WindowEncoder } from './window-encoder.ts';

/** What prepares clips ahead of the encoder. */
export type ClipPool = Pick<DecodePool, 'size' | 'prepare' | 'prepareWindows'>;

/** What one pass over an extraction's missing shards needs. */
export interface ExtractionRunParts {
  readonly spec: ExtractionSpec;
  readonly order: ExampleOrder;
  readonly total: number;
  readonly plan: readonly PlannedShard[];
  readonly record: ExtractionRecord;
  readonly pool: ClipPool;
  readonly device: Device;
  readonly encoder: Pick<Encoder, 'encode'>;
  readonly batchSize: number;
  readonly timings: StageTimings;
  readonly openFile: (path: string) => Promise<File>;
  /** Asked after every batch; a true answer commits what is in hand and ends the run. */
  readonly shouldEnd: () => boolean;
  readonly onShardStarted: (sampleIndices: readonly number[]) => void;
  readonly onBatch: (progress: BatchProgress) => void;
  /** The shard that begins with this example is safe. The next one is being encoded meanwhile. */
  readonly onShardCommitted: (firstIndex: number) => Promise<void>;
  /** A batch did not fit; the run goes on with this size. */
  readonly onSmallerBatch: (batchSize: number) => void;
}

export interface BatchProgress {
  readonly rows: number;
  readonly failed: number;
  readonly audioSec: number;
}

/** An utterance and those of its examples that a shard still lacks: its file is decoded once for all of them. */
interface UtteranceTask {
  readonly utterance: number;
  readonly path: string;
  readonly sampleIndices: readonly number[];
  /** Too long to be held in memory whole: decoded and encoded window by window. */
  readonly isLong: boolean;
}

interface WaitingExample {
  readonly index: number;
  readonly path: string;
  readonly contentHash: string;
  readonly windows: readonly Float32Array[];
}

const SAMPLE_RATE = 16_000;
/** Longer files are decoded and encoded window by window, so that memory stays bounded. */
const LONG_CLIP_SEC = 120;
const PREFETCHED_SEC = 600;
/** Errors of a file that is not there any more, and how many in a row mean that the folder is gone. */
const UNREADABLE = new Set(['NotFoundError', 'NotReadableError', 'UnreadableFileError']);
const UNREADABLE_IN_A_ROW = 5;

/**
 * One pass over the shards still to do: take prepared clips, encode them batch by batch, commit a shard when all its
 * examples are accounted for, and encode the next one meanwhile. Nothing of a shard is written before its commit;
 * whatever is thrown leaves the committed shards as they are, and nothing is in flight any more.
 */
export class ExtractionRun {
  readonly #parts: ExtractionRunParts;
  readonly #windows: WindowEncoder;
  readonly #commits = new CommitQueue();
  readonly #lastModified = new Map<number, number>();
  #unreadableInARow = 0;

  constructor(parts: ExtractionRunParts) {
    this.#parts = parts;
    this.#windows = new WindowEncoder({ ...parts, settings: parts.spec.settings });
  }

  /** Resolves when every planned shard is committed, or when it was asked to end and what was in hand is committed. */
  async run(): Promise<void> {
    try {
      await this.#fillShards();
    } finally {
      // A failed commit is the earlier trouble: its error is told rather than that of the shard after it.
      await this.#heldUp(() => this.#commits.settled());
    }
  }

  async #fillShards(): Promise<void> {
    const { plan, pool, onShardStarted } = this.#parts;
    const tasks = plan.map(({ sampleIndices }) => this.#tasksOf(sampleIndices));
    const prefetcher = new Prefetcher(this.#requests(tasks.flat()), (request) => pool.prepare(request), {
      maxInFlight: pool.size * 2,
      maxBufferedSec: PREFETCHED_SEC,
    });
    for (const [number, { sampleIndices }] of plan.entries()) {
      onShardStarted(sampleIndices);
      const draft = await this.#fillShard(tasks[number] ?? [], prefetcher);
      await this.#commit(draft, sampleIndices[0] ?? 0);
      if (this.#shouldEnd()) return;
    }
  }

  /** Asked after every batch. @throws what the commit of the shard before failed with */
  #shouldEnd(): boolean {
    this.#commits.throwFailure();
    return this.#parts.shouldEnd();
  }

  async #fillShard(tasks: readonly UtteranceTask[], prefetcher: Prefetcher<number>): Promise<ShardDraft> {
    const { spec, total, timings } = this.#parts;
    const draft = new ShardDraft({
      layers: spec.settings.layers.length,
      width: spec.encoder.hiddenSize * (spec.settings.pooling === 'mean+std' ? 2 : 1),
      pooling: spec.settings.pooling,
      total,
    });
    let waiting: WaitingExample[] = [];
    const flush = async (): Promise<void> => {
      const batch = waiting;
      waiting = [];
      if (batch.length > 0) await this.#encodeBatch(draft, batch);
      await fullTurn();
    };
    for (const task of tasks) {
      if (task.isLong) {
        await flush();
        if (this.#shouldEnd()) return draft;
        await this.#encodeLongClip(draft, task);
        if (this.#shouldEnd()) return draft;
        continue;
      }
      const waitStart = performance.now();
      const prefetched = await prefetcher.take();
      timings.add('waitMs', performance.now() - waitStart);
      if (!prefetched) throw new Error('The prefetcher ended before the plan.');
      if ('error' in prefetched) {
        this.#setAside(draft, task, prefetched.error);
        continue;
      }
      this.#noteRead(draft, task, prefetched.clip);
      for (const example of this.#examplesOf(task, prefetched.clip)) {
        waiting.push(example);
        if (waiting.length < this.#windows.batchSize) continue;
        await flush();
        if (this.#shouldEnd()) return draft;
      }
    }
    await flush();
    return draft;
  }

  /** Encodes a batch into the draft; a clip whose embedding is not finite is found and set aside alone. */
  async #encodeBatch(draft: ShardDraft, batch: readonly WaitingExample[]): Promise<void> {
    let encoded: EncodedWaveform[];
    try {
      encoded = await this.#windows.encode(batch.flatMap(({ windows }) => windows));
    } catch (error) {
      if (errorInWords(error).errorName !== 'NonFiniteEmbeddingError') throw error;
      if (batch.length > 1) for (const example of batch) await this.#encodeBatch(draft, [example]);
      else {
        const { index, path } = batch[0]!;
        draft.fail({ index, path, ...errorInWords(error) });
        this.#parts.onBatch({ rows: 0, failed: 1, audioSec: 0 });
      }
      return;
    }
    let next = 0;
    let audioSec = 0;
    for (const { index, path, contentHash, windows } of batch) {
      const merged = this.#windows.merge(encoded.slice(next, next + windows.length));
      next += windows.length;
      const exampleSec = secondsOf(windows);
      audioSec += exampleSec;
      draft.add({ index, path, contentHash, ...merged }, exampleSec);
    }
    this.#parts.onBatch({ rows: batch.length, failed: 0, audioSec });
  }

  /** A clip of minutes or hours: windows are encoded as they are decoded, so that memory stays bounded. */
  async #encodeLongClip(draft: ShardDraft, task: UtteranceTask): Promise<void> {
    const { pool, order, onBatch, timings } = this.#parts;
    const encoded = new Map<number, EncodedWaveform[]>();
    try {
      const windows = pool.prepareWindows(await this.#request(task));
      for (;;) {
        const next = await windows.next();
        if (next.done === true) {
          timings.addClip(next.value);
          draft.seen(task.utterance, this.#lastModified.get(task.utterance) ?? 0);
          for (const index of task.sampleIndices) {
            const version = versionOf(index, order);
            const merged = this.#windows.merge(encoded.get(version) ?? []);
            const { contentHash, durationSec } = next.value;
            draft.add({ index, path: examplePath(task.path, version), contentHash, ...merged }, durationSec);
            onBatch({ rows: 1, failed: 0, audioSec: 0 });
          }
          return;
        }
        const { version, samples } = next.value;
        const parts = encoded.get(version) ?? [];
        encoded.set(version, parts);
        parts.push(...(await this.#windows.encode([samples])));
        onBatch({ rows: 0, failed: 0, audioSec: samples.length / SAMPLE_RATE });
        await fullTurn();
        if (this.#commits.hasFailed || this.#parts.shouldEnd()) {
          await windows.return({
            contentHash: '',
            durationSec: 0,
            timings: { decodeMs: 0, resampleMs: 0, augmentMs: 0 },
          });
          return;
        }
      }
    } catch (error) {
      if (isDeviceFault(error)) throw error;
      this.#setAside(draft, task, error);
    }
  }

  #setAside(draft: ShardDraft, task: UtteranceTask, error: unknown): void {
    const { errorName, reason } = errorInWords(error);
    if (errorName === 'FilesNeededError') throw error;
    this.#unreadableInARow = UNREADABLE.has(errorName) ? this.#unreadableInARow + 1 : 0;
    if (this.#unreadableInARow >= UNREADABLE_IN_A_ROW) throw new FolderGoneError(task.path);
    for (const index of task.sampleIndices)
      draft.fail({
        index,
        path: examplePath(task.path, versionOf(index, this.#parts.order)),
        errorName,
        reason,
      });
    this.#parts.onBatch({ rows: 0, failed: task.sampleIndices.length, audioSec: 0 });
  }

  #noteRead(draft: ShardDraft, task: UtteranceTask, clip: PreparedClip): void {
    this.#unreadableInARow = 0;
    draft.seen(task.utterance, this.#lastModified.get(task.utterance) ?? 0);
    this.#parts.timings.addClip(clip);
  }

  #examplesOf(task: UtteranceTask, clip: PreparedClip): WaitingExample[] {
    return task.sampleIndices.map((index) => {
      const version = versionOf(index, this.#parts.order);
      const example = clip.examples.find((candidate) => candidate.version === version);
      if (!example) throw new Error(`Version ${version} of ${task.path} was not prepared.`);
      const { contentHash } = clip;
      return { index, path: examplePath(task.path, version), contentHash, windows: example.windows };
    });
  }

  #tasksOf(sampleIndices: readonly number[]): UtteranceTask[] {
    const { spec, order } = this.#parts;
    const groups = new Map<number, number[]>();
    for (const index of sampleIndices) {
      const utterance = utteranceOf(index, order);
      const group = groups.get(utterance);
      if (group) group.push(index);
      else groups.set(utterance, [index]);
    }
    return [...groups].map(([utterance, indices]) => {
      const { path, durationSec } = spec.clips[utterance]!;
      const isLong = spec.settings.longClips === 'window' && (durationSec ?? 0) > LONG_CLIP_SEC;
      return { utterance, path, sampleIndices: indices, isLong };
    });
  }

  *#requests(tasks: readonly UtteranceTask[]) {
    for (const task of tasks)
      if (!task.isLong) yield { key: task.utterance, request: () => this.#request(task) };
  }

  async #request({ utterance, path, sampleIndices }: UtteranceTask): Promise<PrepareRequest> {
    const { spec, order, openFile } = this.#parts;
    const { augmentations, maxClipSec, longClips } = spec.settings;
    const file = await openFile(path);
    this.#lastModified.set(utterance, file.lastModified);
    const versions = sampleIndices.map((index) => versionOf(index, order));
    return { file, path, versions, augmentations, maxClipSec, longClips };
  }

  /** Begins the shard's commit when the one before is acknowledged; does not wait for its own. */
  async #commit(draft: ShardDraft, firstPlanned: number): Promise<void> {
    if (draft.isEmpty) return;
    const { device } = this.#parts;
    await device.checkFaults();
    await this.#heldUp(async () => {
      await this.#commits.settled();
      const { backend, adapter } = device.status;
      const shard = draft.finish(adapter ? `${backend} (${adapter})` : backend);
      this.#commits.begin(() => this.#write(shard, firstPlanned));
    });
  }

  async #write({ name, meta, payload }: FinishedShard, firstPlanned: number): Promise<void> {
    const { record, timings, onShardCommitted } = this.#parts;
    const start = performance.now();
    await record.writeShard(name, meta, payload);
    timings.add('commitMs', performance.now() - start);
    await onShardCommitted(firstPlanned);
  }

  async #heldUp(wait: () => Promise<void>): Promise<void> {
    const start = performance.now();
    try {
      await wait();
    } finally {
      this.#parts.timings.add('commitWaitMs', performance.now() - start);
    }
  }
}

/** Device trouble that a rebuilt device may mend; the shard in hand is then redone. */
export function isDeviceFault(error: unknown): boolean {
  return ['DeviceLostError', 'GpuValidationError', 'OutOfMemoryError'].includes(
    errorInWords(error).errorName,
  );
}

function secondsOf(windows: readonly Float32Array[]): number {
  return windows.reduce((sum, window) => sum + window.length, 0) / SAMPLE_RATE;
}
