import type { TrainRequest, TrainingSource } from '../engine/training-protocol.ts';
import type { TrainingConfig } from '../training/config.ts';
import type { RetentionPolicy } from '../training/retention.ts';

export type SplitChoice = 'auto' | 'csv' | 'stratified' | 'speakers';

/** What the person has chosen so far. */
export interface TrainingDraft {
  readonly name: string;
  readonly target: 'label' | 'speaker';
  /** Which of the kept layers is read, by its place among them; null reads all. */
  readonly layer: number | null;
  readonly split: SplitChoice;
  /** Shares of the examples, in [0, 1); only where the split is not the CSV's. */
  readonly validationShare: number;
  readonly testShare: number;
  readonly retention: RetentionPolicy;
  readonly config: TrainingConfig;
}

export const adamW: TrainingConfig['optimizer'] = {
  kind: 'adamw',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
};

export const sgd: TrainingConfig['optimizer'] = {
  kind: 'sgd',
  learningRate: 0.05,
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0,
};

/** One click is enough: a linear head on standardised embeddings, chosen by the metric that unequal classes need. */
export const defaultTrainingDraft: TrainingDraft = {
  name: '',
  target: 'label',
  layer: null,
  split: 'auto',
  validationShare: 0.15,
  testShare: 0.15,
  retention: { kind: 'last', count: 3 },
  config: {
    head: { kind: 'linear' },
    epochs: 30,
    batchSize: 64,
    seed: 1,
    optimizer: adamW,
    schedule: { kind: 'cosine', minFactor: 0, warmupSteps: 0 },
    loss: { classWeights: 'none', labelSmoothing: 0, contrastive: null },
    sampler: { classWeights: null, capPerClass: null },
    clipNorm: null,
    standardise: true,
    selectBy: 'uar',
    checkpointEverySteps: null,
  },
};

/** The request that a draft stands for. */
export function trainRequestOf(draft: TrainingDraft, extraction: TrainingSource): TrainRequest {
  const { name, target, layer, split, validationShare, testShare, retention, config } = draft;
  return {
    ...config,
    extraction,
    target,
    retention,
    split:
      split === 'auto' || split === 'csv'
        ? split
        : { kind: split, validation: validationShare, test: testShare, seed: config.seed },
    ...(layer === null ? {} : { layer }),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
  };
}

/** `64, 32` → sizes of hidden layers; what is no number above 0 is left out. */
export const parseSizes = (text: string): readonly number[] =>
  text
    .split(/[\s,;×x]+/u)
    .map(Number)
    .filter((size) => Number.isInteger(size) && size > 0);

export const headTitle: Readonly<Record<TrainingConfig['head']['kind'], string>> = {
  linear: 'Linear',
  mlp: 'Multi-layer perceptron',
  'layer-mix': 'Weighted sum of layers',
  attention: 'Attention pooling',
};

export const metricTitle = {
  loss: 'loss',
  accuracy: 'accuracy',
  uar: 'UAR',
  macroF1: 'macro F1',
  eer: 'EER',
} as const satisfies Record<TrainingConfig['selectBy'], string>;

/** Metrics that are shares of 1 are written in percent, the loss as it is. */
export const formatMetric = (metric: TrainingConfig['selectBy'], value: number | null): string =>
  value === null || !Number.isFinite(value)
    ? '–'
    : metric === 'loss'
      ? value.toPrecision(3)
      : `${(100 * value).toFixed(1)} %`;

/** A learning rate or another small number as it is typed. */
export const formatRate = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3
    ? Number(value.toPrecision(3)).toExponential()
    : String(Number(value.toPrecision(3)));

/** The settings in a line: `Linear · adamw 0.001 · cosine · batch 64 · seed 1`. */
export function configInWords({ head, optimizer, schedule, batchSize, seed }: TrainingConfig): string {
  const sizes = 'hidden' in head && head.hidden.length > 0 ? ` ${head.hidden.join('-')}` : '';
  const rate = formatRate(optimizer.learningRate);
  const kind = optimizer.kind === 'adamw' ? 'AdamW' : 'SGD';
  return `${headTitle[head.kind]}${sizes} · ${kind} ${rate} · ${schedule.kind} schedule · batch ${batchSize} · seed ${seed}`;
}
