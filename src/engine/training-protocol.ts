import type { Grouping, GroupingChoice } from '../dataset/grouping.ts';
import type { FoldMethod, SplitMethod } from '../dataset/split.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import type { TrainingConfig } from '../training/config.ts';
import type { FeatureLayout } from '../training/heads/head.ts';
import type { MetricName, MetricSummary } from '../training/metrics/evaluation.ts';
import type { ResumeProof } from '../training/prove.ts';
import type { RetentionPolicy } from '../training/retention.ts';
import type { Extension } from '../training/schedule.ts';

/** Types of training that cross from the engine worker to the page: plain data, no classes. */

/** What a head is trained on: an extraction of this browser, or an `.npz` brought along. */
export type TrainingSource = string | File;

/** A setting of which all but its kind may be left out. */
export type Loosely<Setting> = Setting extends { readonly kind: infer Kind }
  ? { readonly kind: Kind } & Partial<Setting>
  : Setting extends object
    ? Partial<Setting>
    : Setting;

/** Settings of a run as they are asked for; what is left out has its default. */
export interface TrainSettings extends Partial<
  Omit<TrainingConfig, 'head' | 'optimizer' | 'schedule' | 'loss' | 'sampler'>
> {
  readonly head?: Loosely<TrainingConfig['head']>;
  /** AdamW where no kind is said. */
  readonly optimizer?: Loosely<TrainingConfig['optimizer']> | { readonly learningRate: number };
  readonly schedule?: Loosely<TrainingConfig['schedule']>;
  readonly loss?: Loosely<TrainingConfig['loss']>;
  readonly sampler?: Loosely<TrainingConfig['sampler']>;
}

export interface TrainRequest extends TrainSettings {
  /** Id of an extraction (finished or still running), or an `.npz` with `embeddings` and `labels`. */
  readonly extraction: TrainingSource;
  /** `auto`: the CSV's, else by speakers where they are known, else stratified. */
  readonly split?: 'auto' | SplitMethod['kind'] | SplitMethod;
  /** What the head predicts. */
  readonly target?: 'label' | 'speaker';
  /** Which of several kept layers to learn from, by its place among them; all of them when absent. */
  readonly layer?: number;
  /** Where it trains; the device in use when absent. A run stays on the kind it began on. */
  readonly device?: 'wasm' | 'webgpu';
  readonly name?: string;
  readonly retention?: RetentionPolicy;
  /** Fresh weights, or those of a file (safetensors) or of a checkpoint of another run. */
  readonly weights?: File | { readonly run: string; readonly checkpoint?: string };
}

/** What a training would be, told before it starts. */
export interface TrainingPreview {
  /** Every setting, defaults filled in. */
  readonly config: TrainingConfig;
  readonly split: SplitMethod;
  /** What each example holds; decides which heads can read it. */
  readonly layout: FeatureLayout;
  /** Examples of each class in each part. */
  readonly classes: readonly {
    readonly name: string;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
  }[];
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Learning rate `[step, rate]`, at most 500 points; plateau is drawn as if it stayed where it is. */
  readonly learningRate: readonly (readonly [number, number])[];
  /** What clips can be grouped by in a cross-validation. */
  readonly groupings: readonly GroupingChoice[];
  /** Sentences; when there are any, `train` would refuse. */
  readonly problems: readonly string[];
}

export type RunState = 'queued' | 'running' | 'paused' | 'stopped' | 'finished' | 'failed' | 'interrupted';

/** How a run stands; progress comes by events, at most five a second. */
export interface RunStatus {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  /** Finished epochs and updates, and those the run aims at. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly totalSteps: number;
  readonly config: TrainingConfig;
  readonly split: SplitMethod;
  readonly target: 'label' | 'speaker';
  readonly source: {
    readonly kind: 'extraction' | 'file';
    readonly id: string;
    readonly name: string;
    readonly encoder: string | null;
    /** The dataset whose clips these are; null for a file. */
    readonly dataset: string | null;
    /** Which of the kept layers is read, by its place among them; null reads all. */
    readonly layer: number | null;
  };
  readonly classes: readonly string[];
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number };
  readonly history: readonly EpochRecord[];
  /** Loss of each update so far, for the live curve; thinned to at most 2,000 points `[step, loss, learningRate]`. */
  readonly steps: readonly (readonly [number, number, number])[];
  readonly best: {
    readonly metric: MetricName;
    readonly score: number;
    readonly epoch: number;
    readonly checkpoint: string;
  } | null;
  readonly parent: { readonly run: string; readonly checkpoint: string } | null;
  readonly device: string;
  readonly createdAt: string;
  readonly notice: string | null;
  readonly notices: readonly string[];
  readonly writable: boolean;
}

export interface CheckpointStatus {
  readonly name: string;
  readonly epoch: number;
  readonly step: number;
  readonly endsEpoch: boolean;
  readonly isLast: boolean;
  readonly isBest: boolean;
  readonly isPinned: boolean;
  /** False once its digest did not match. */
  readonly isIntact: boolean;
  readonly metrics: MetricSummary | null;
  readonly parent: string | null;
  readonly createdAt: string;
  readonly sizeBytes: number;
  /** True on a branch that was left by resuming from an earlier checkpoint. */
  readonly isAbandoned: boolean;
}

export interface ResumeRequest {
  /** Name of a checkpoint; the last one when absent. Going on from an earlier one cuts the history there. */
  readonly checkpoint?: string;
  /** A new target in epochs. */
  readonly epochs?: number;
  readonly changes?: TrainSettings;
  /** What the schedule does when the target moves. */
  readonly extension?: Extension;
}

/** What a resume would do, told before anything runs. */
export interface ResumePreview {
  readonly changes: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
  /** Sentences; when there are any, the resume is refused. */
  readonly refusals: readonly string[];
  /** Learning rate ahead `[step, rate]`, at most 500 points. */
  readonly learningRate: readonly (readonly [number, number])[];
}

export interface CurveData {
  readonly falseAccept: Float32Array;
  readonly falseReject: Float32Array;
  readonly eer: number;
  readonly threshold: number;
  readonly targets: number;
  readonly nonTargets: number;
}

/** A checkpoint judged on one part of the split. */
export interface EvaluationResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly part: 'train' | 'validation' | 'test';
  readonly summary: MetricSummary;
  readonly count: number;
  readonly classes: readonly string[];
  /** Row-major `[C, C]`: truth × prediction. */
  readonly confusion: readonly number[];
  readonly perClass: readonly {
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
    readonly eer: number | null;
  }[];
  /** Curve per class (one against the rest), and pooled; thinned to at most 1,000 points each. */
  readonly curves: readonly (CurveData | null)[];
  readonly pooled: CurveData | null;
  readonly eerDefinition: string;
  /** Learned weights of the kept layers, summing to 1; null for heads that mix no layers. */
  readonly layerWeights: readonly number[] | null;
  /** One entry per example, for the lists behind a confusion cell. */
  readonly examples: readonly {
    readonly path: string;
    readonly truth: number;
    readonly prediction: number;
    /** Probability of the prediction. */
    readonly confidence: number;
  }[];
}

export interface CrossValidationRequest extends TrainSettings {
  readonly extraction: TrainingSource;
  /** Clips of a group are never in training and test alike: `speaker`, `label`, `folder`, a column, part of the name. */
  readonly groups: 'none' | Grouping;
  /** Leave one group out when absent; 5 where there are no groups. */
  readonly folds?: number;
  readonly target?: 'label' | 'speaker';
  readonly layer?: number;
  readonly device?: 'wasm' | 'webgpu';
}

export interface CrossValidationResult {
  readonly method: FoldMethod;
  readonly folds: readonly {
    readonly name: string;
    readonly summary: MetricSummary;
    readonly count: number;
  }[];
  readonly pooled: MetricSummary;
  readonly classes: readonly string[];
  /** Row-major `[C, C]`, all folds together. */
  readonly confusion: readonly number[];
}

/** How a cross-validation stands; it is kept fold by fold, so that a closed page costs at most the fold in hand. */
export interface CrossValidationStatus {
  readonly id: string;
  /** Of the extraction or file. */
  readonly name: string;
  readonly source: RunStatus['source'];
  readonly state: Exclude<RunState, 'stopped'>;
  readonly method: FoldMethod;
  /** What is kept together or left out, in words; null where nothing is. */
  readonly groups: string | null;
  readonly target: 'label' | 'speaker';
  readonly config: TrainingConfig;
  /** All folds; `summary` of those that are done. */
  readonly folds: readonly {
    readonly name: string;
    readonly count: number;
    readonly summary: MetricSummary | null;
  }[];
  readonly createdAt: string;
  /** Why it paused or failed. */
  readonly notice: string | null;
  readonly writable: boolean;
}

/** One correction laid over a dataset's labels. */
export interface LabelCorrection {
  readonly path: string;
  /** The label before. */
  readonly from: string | null;
  /** The new label; null where it stayed. */
  readonly label: string | null;
  /** True: left out of training; false: taken in again; null where that stayed. */
  readonly setAside: boolean | null;
  /** ISO 8601; null where it was not noted. */
  readonly at: string | null;
  /** Corrections of one step are taken back together. */
  readonly step: number;
}

/** Points of a map of the embeddings. */
export interface EmbeddingMap {
  readonly method: 'pca' | 'umap';
  /** `[N, 2]` */
  readonly points: Float32Array;
  readonly paths: readonly string[];
  readonly labels: readonly string[];
  readonly speakers: readonly string[];
  /** Names of the predicted classes; null without a run. */
  readonly predictions: readonly string[] | null;
  readonly parts: readonly ('train' | 'validation' | 'test' | 'none')[];
}

/** What a head says of one clip. */
export interface Prediction {
  readonly classes: readonly string[];
  readonly probabilities: Float32Array;
  /** What the head looked at: layers `[L]` or frames `[T]`; null for heads that weigh nothing. */
  readonly weights: Float32Array | null;
}

/** Part of the engine's events: `subscribe` tells them too. */
export type TrainingEvent =
  | { readonly type: 'run'; readonly run: RunStatus }
  | { readonly type: 'run-removed'; readonly id: string }
  | { readonly type: 'cross-validation'; readonly crossValidation: CrossValidationStatus }
  | { readonly type: 'cross-validation-removed'; readonly id: string };

/** The training half of the scripting API. */
export interface TrainingPlayground {
  /** Divides and checks, but trains nothing; what cannot be is a sentence in `problems`, not an error. */
  previewTraining(request: TrainRequest): Promise<TrainingPreview>;
  train(request: TrainRequest): Promise<string>;
  runs(): Promise<readonly RunStatus[]>;
  run(id: string): Promise<RunStatus>;
  pauseRun(id: string): Promise<RunStatus>;
  stopRun(id: string): Promise<RunStatus>;
  /** Resolves when the run has finished, stopped or failed. */
  runFinished(id: string): Promise<RunStatus>;
  previewResume(id: string, request?: ResumeRequest): Promise<ResumePreview>;
  resumeRun(id: string, request?: ResumeRequest): Promise<RunStatus>;
  removeRun(id: string): Promise<void>;

  checkpoints(id: string): Promise<readonly CheckpointStatus[]>;
  pinCheckpoint(id: string, name: string, isPinned: boolean): Promise<readonly CheckpointStatus[]>;
  deleteCheckpoint(id: string, name: string): Promise<readonly CheckpointStatus[]>;
  pruneCheckpoints(id: string, policy: RetentionPolicy): Promise<readonly CheckpointStatus[]>;
  exportCheckpoint(id: string, name: string): Promise<File>;
  /** Takes a checkpoint file in as a run of its own that can be resumed on its extraction. */
  importCheckpoint(file: File, extraction: TrainingSource): Promise<string>;

  evaluate(
    id: string,
    request?: { readonly checkpoint?: string; readonly split?: 'train' | 'validation' | 'test' },
  ): Promise<EvaluationResult>;
  /**
   * Resolves when the last fold is done. Each fold is kept as it ends: asked again for the same after a reload, only
   * what is missing is trained, and the result is the same to the bit. Paused meanwhile, it rejects.
   */
  crossValidate(request: CrossValidationRequest): Promise<CrossValidationResult>;
  /** Those that are kept, newest first. */
  crossValidations(): Promise<readonly CrossValidationStatus[]>;
  /** Goes on with one that was interrupted or paused; of a finished one, its result. */
  resumeCrossValidation(id: string): Promise<CrossValidationResult>;
  pauseCrossValidation(id: string): Promise<CrossValidationStatus>;
  removeCrossValidation(id: string): Promise<void>;
  proveResume(request: TrainRequest, steps?: number): Promise<ResumeProof>;
  map(
    extraction: TrainingSource,
    request?: { readonly method?: 'pca' | 'umap'; readonly run?: string },
  ): Promise<EmbeddingMap>;
  /** Encodes a recording with the run's own encoder and asks the head. */
  predict(
    id: string,
    audio: File | { readonly samples: Float32Array; readonly sampleRate: number },
  ): Promise<Prediction>;
  exportRun(id: string): Promise<File>;

  /** A clip of a dataset as a playable file. */
  clip(datasetId: string, path: string): Promise<File>;
  /** Corrections laid over a dataset's labels; undo takes the newest back. Extractions stay as they are. */
  relabel(
    datasetId: string,
    changes: readonly { readonly path: string; readonly label?: string; readonly setAside?: boolean }[],
  ): Promise<void>;
  undoRelabel(datasetId: string): Promise<void>;
  /** Every correction that stands, oldest first, of earlier sessions too. */
  corrections(datasetId: string): Promise<readonly LabelCorrection[]>;
  /** The labels of the day as a CSV; where some were corrected, with the label before and the time. */
  exportLabels(datasetId: string): Promise<File>;
}
