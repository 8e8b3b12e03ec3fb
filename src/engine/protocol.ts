import type { BackendChoice, DeviceStatus } from '../device/status.ts';
import type { IntakeSource } from '../dataset/intake.ts';
import type { Reject, Utterance } from '../dataset/utterance.ts';
import type { ExtractionSettings } from '../experiments/extraction-id.ts';
import type { StageTotals } from './extraction/stage-timings.ts';
import type { TrainingEvent } from './training-protocol.ts';

/** Types that cross from the engine worker to the page: plain data, no classes. */

export type { BackendChoice, DeviceStatus };

export type DatasetOrigin = 'folder' | 'files' | 'demo';

export interface DatasetStatus {
  readonly id: string;
  readonly name: string;
  /** Count of usable utterances. */
  readonly clips: number;
  readonly hours: number;
  /** Distinct labels, sorted. */
  readonly classes: readonly string[];
  /** Distinct speakers, sorted. */
  readonly speakers: readonly string[];
  readonly rejects: readonly Reject[];
  /** Identifier and sentence of the labelling scheme in use. */
  readonly labelScheme: { readonly id: string; readonly title: string; readonly detected: boolean };
  /** Warnings about the dataset as a whole, as sentences (duplicate CSV rows, missing files…). */
  readonly notices: readonly string[];
  /** Where the files came from: decides how they can be had again. */
  readonly origin: DatasetOrigin;
  /** False when the files themselves are not at hand (reopened page): drop the folder again. */
  readonly filesAvailable: boolean;
}

export interface EncoderStatus {
  readonly id: string;
  readonly name: string;
  readonly modelType: string;
  /** Transformer layers L; hidden states have L+1 entries. */
  readonly layers: number;
  readonly hiddenSize: number;
  readonly parameters: number;
  /** SHA-256 or xxh128 hex over the weights, independent of the file format. */
  readonly weightsHash: string;
  /** False for the built-in architecture with seeded random weights. */
  readonly trained: boolean;
}

export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

/** How an extraction is carried out; may change in the middle without changing its identity. */
export interface ExtractionPace {
  /** Examples per shard. */
  readonly shardSize: number;
  /** Examples per batch; null lets the engine choose. */
  readonly batchSize: number | null;
}

export interface ResumeOptions extends Partial<ExtractionPace> {
  /** Also tries the clips again that failed; a finished extraction with failures can be resumed so. */
  readonly retryFailed?: boolean;
}

export interface ExtractRequest extends Partial<Omit<ExtractionSettings, 'layers'>>, Partial<ExtractionPace> {
  readonly dataset: string;
  readonly encoder: string;
  readonly layers?: 'last' | 'all' | readonly number[];
}

/**
 * `queued` waits for another extraction to end; `interrupted` was running when the page was closed.
 */
export type JobState = 'queued' | 'running' | 'paused' | 'stopped' | 'finished' | 'failed' | 'interrupted';
export type ShardState = 'pending' | 'in flight' | 'done' | 'failed' | 'verified' | 'damaged';

export interface ShardStatus {
  /** Carries the range of examples: `shard_0000-0099.npz`. */
  readonly name: string;
  readonly state: ShardState;
  readonly sizeBytes: number;
}

/** A clip that could not be embedded; the rest goes on. */
export interface FailedExample {
  readonly path: string;
  readonly errorName: string;
  readonly reason: string;
}

export interface JobStatus {
  readonly id: string;
  readonly state: JobState;
  readonly dataset: { readonly id: string; readonly name: string };
  readonly encoder: { readonly id: string; readonly name: string };
  readonly settings: ExtractionSettings;
  readonly pace: ExtractionPace;
  /** Examples committed with an embedding. */
  readonly done: number;
  /** Examples set aside with a reason. */
  readonly failed: number;
  readonly total: number;
  readonly shards: readonly ShardStatus[];
  readonly failures: readonly FailedExample[];
  readonly createdAt: string;
  /** Seconds left at the present pace; null while unknown. */
  readonly remainingSec: number | null;
  /** Audio seconds per wall second; null while unknown. */
  readonly timesRealTime: number | null;
  /** Why it is paused or failed, or what a repair did; null when there is nothing to say. */
  readonly notice: string | null;
  /** True in a tab that may write to this extraction. */
  readonly writable: boolean;
  readonly sizeBytes: number;
  /** Where the time of this session's share went. */
  readonly timings: StageTotals;
}

export interface StorageStatus {
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly persisted: boolean;
}

/** What the engine tells every listener; progress is throttled to a few a second. */
export type EngineEvent =
  | { readonly type: 'device'; readonly device: DeviceStatus }
  | { readonly type: 'dataset'; readonly dataset: DatasetStatus }
  | { readonly type: 'encoder'; readonly encoder: EncoderStatus }
  | { readonly type: 'download'; readonly progress: DownloadProgress }
  | { readonly type: 'job'; readonly job: JobStatus }
  | { readonly type: 'job-removed'; readonly id: string }
  | { readonly type: 'storage'; readonly storage: StorageStatus }
  | TrainingEvent
  | { readonly type: 'notice'; readonly level: 'info' | 'warning' | 'error'; readonly text: string };

export interface DatasetOptions {
  readonly name?: string;
  /** Labelling scheme id (`auto` when absent), or path → label. */
  readonly labels?: string | Readonly<Record<string, string>>;
}

export interface AudioInput {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

/** Hidden states of one clip: `data` is `[L+1, T, D]` row-major. */
export interface ClipHiddenStates {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number];
}

export interface VerifyReport {
  readonly checked: number;
  readonly damaged: readonly string[];
  /** One sentence for a person. */
  readonly summary: string;
}

export interface CompactReport {
  readonly freedBytes: number;
}

/**
 * The scripting API: what the page and `window.playground` both use. Every method is a promise.
 * The methods named in docs/scripting.md are stable.
 */
export interface Playground {
  device(): Promise<DeviceStatus>;
  useDevice(choice: BackendChoice): Promise<DeviceStatus>;

  openDataset(source: IntakeSource, options?: DatasetOptions): Promise<DatasetStatus>;
  openDemo(): Promise<DatasetStatus>;
  datasets(): Promise<readonly DatasetStatus[]>;
  /** A window of the table: rows `[start, end)` in path order. */
  utterances(datasetId: string, start?: number, end?: number): Promise<readonly Utterance[]>;
  labelSchemes(): Promise<
    readonly { readonly id: string; readonly title: string; readonly example: string }[]
  >;
  useLabelScheme(datasetId: string, scheme: string): Promise<DatasetStatus>;
  /** Asks for the remembered folder again; needs a user's gesture. */
  reopenFolder(datasetId: string): Promise<DatasetStatus>;

  loadEncoder(source: string | readonly File[], options?: { readonly hub?: string }): Promise<EncoderStatus>;
  encoders(): Promise<readonly EncoderStatus[]>;
  embed(clips: readonly AudioInput[], encoderId?: string): Promise<readonly ClipHiddenStates[]>;

  extract(request: ExtractRequest): Promise<string>;
  jobs(): Promise<readonly JobStatus[]>;
  job(id: string): Promise<JobStatus>;
  pause(id: string): Promise<JobStatus>;
  /** Goes on from the last committed shard. Clips whose files were changed since are noticed and computed again. */
  resume(id: string, options?: ResumeOptions): Promise<JobStatus>;
  stop(id: string): Promise<JobStatus>;
  /** Resolves when the extraction has ended (finished, failed or stopped). */
  finished(id: string): Promise<JobStatus>;
  verify(id: string): Promise<VerifyReport>;
  /** Takes damaged shards out and computes just these again; where the files are not at hand, `resume` does so. */
  repair(id: string): Promise<JobStatus>;
  compact(id: string): Promise<CompactReport>;
  /** Deletes an extraction and its shards. */
  remove(id: string): Promise<void>;
  /** In words, what two extractions differ in. */
  difference(a: string, b: string): Promise<readonly string[]>;

  exportEmbeddings(id: string, options?: { readonly format?: 'npz' }): Promise<File>;
  /** Streams the merged file to a handle from `showSaveFilePicker`. */
  saveEmbeddings(id: string, target: FileSystemFileHandle): Promise<void>;
  exportShard(id: string, name: string): Promise<File>;

  storage(): Promise<StorageStatus>;
  /** Calls back on every event until the returned function is called. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}
