import type {
  CheckpointStatus,
  CrossValidationResult,
  CrossValidationStatus,
  CurveData,
  EmbeddingMap,
  EvaluationResult,
  RunStatus,
  TrainingPreview,
} from '../../../src/engine/training-protocol.ts';
import { Rng } from '../../../src/lib/rng.ts';
import { defaultTrainingDraft } from '../../../src/ui/training-draft.ts';
import { fakeUtterances } from './fake-data.ts';

/** Plausible runs, made of seeds, for tests and for looking at the views. */

export const emotions = ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness'];
const stepsPerEpoch = 82;
const epochs = 30;

/** A run that has come so far, from 0 to 1. */
export function fakeRun(progress: number, change: Partial<RunStatus> = {}): RunStatus {
  const rng = Rng.fromSeed(11, change.id ?? 'run');
  const totalSteps = epochs * stepsPerEpoch;
  const step = Math.round(progress * totalSteps);
  const done = Math.floor(step / stepsPerEpoch);
  const rateAt = (at: number): number => 0.0005 * (1 + Math.cos((Math.PI * at) / totalSteps));
  const history = Array.from({ length: done }, (_, epoch) => {
    const learned = 1 - Math.exp(-(epoch + 1) / 7);
    const accuracy = 0.18 + 0.55 * learned + 0.02 * rng.nextFloat();
    return {
      epoch,
      step: (epoch + 1) * stepsPerEpoch,
      learningRate: rateAt((epoch + 1) * stepsPerEpoch),
      trainLoss: 1.75 - 1.1 * learned + 0.02 * rng.nextFloat(),
      trainAccuracy: 0.2 + 0.62 * learned,
      validation: {
        loss: 1.76 - 0.95 * learned + 0.05 * rng.nextFloat(),
        accuracy,
        uar: accuracy - 0.012,
        macroF1: accuracy - 0.02,
        eer: 0.42 - 0.3 * learned,
      },
    };
  });
  const best = history.reduce<(typeof history)[number] | null>(
    (top, record) => (top === null || record.validation.uar > top.validation.uar ? record : top),
    null,
  );
  const thin = Math.max(1, Math.ceil(step / 2000));
  return {
    id: 'run1',
    name: 'CREMA-D · label · linear',
    state: progress >= 1 ? 'finished' : 'running',
    epoch: done,
    epochs,
    step,
    totalSteps,
    config: defaultTrainingDraft.config,
    split: { kind: 'speakers', validation: 0.15, test: 0.15, seed: 1 },
    target: 'label',
    source: {
      kind: 'extraction',
      id: 'x1',
      name: 'CREMA-D',
      encoder: 'WavLM base plus',
      dataset: 'dataset-7442',
      layer: null,
    },
    classes: emotions,
    counts: { train: 5208, validation: 1117, test: 1117 },
    history,
    steps: Array.from({ length: Math.floor(step / thin) }, (_, index) => {
      const at = index * thin;
      return [at, 0.65 + 1.1 * Math.exp(-at / 600) + 0.3 * rng.nextFloat(), rateAt(at)] as const;
    }),
    best: best && {
      metric: 'uar',
      score: best.validation.uar,
      epoch: best.epoch,
      checkpoint: `epoch-${best.epoch + 1}`,
    },
    parent: null,
    device: 'webgpu',
    createdAt: '2026-03-02T10:15:00Z',
    notice: null,
    notices: [],
    writable: true,
    ...change,
  };
}

export const fakeCheckpoints = (run: RunStatus): readonly CheckpointStatus[] =>
  run.history.slice(-5).map((record, index, all) => ({
    name: `epoch-${record.epoch + 1}`,
    epoch: record.epoch + 1,
    step: record.step,
    endsEpoch: true,
    isLast: index === all.length - 1,
    isBest: record.epoch === run.best?.epoch,
    isPinned: index === 0,
    isIntact: index !== 1,
    metrics: record.validation,
    parent: null,
    createdAt: new Date(Date.parse(run.createdAt) + record.step * 40).toISOString(),
    sizeBytes: 86_000 + record.step * 20,
    isAbandoned: index === 2,
  }));

export function fakePreview(change: Partial<TrainingPreview> = {}): TrainingPreview {
  const totalSteps = epochs * stepsPerEpoch;
  return {
    config: defaultTrainingDraft.config,
    split: { kind: 'speakers', validation: 0.15, test: 0.15, seed: 1 },
    layout: { kind: 'vector', size: 768 },
    classes: emotions.map((name, index) => ({
      name,
      train: 880 - 40 * index,
      validation: 190 - index,
      test: 185,
    })),
    stepsPerEpoch,
    totalSteps,
    learningRate: Array.from({ length: 200 }, (_, index) => {
      const step = (index * totalSteps) / 199;
      return [Math.round(step), 0.0005 * (1 + Math.cos((Math.PI * step) / totalSteps))] as const;
    }),
    groupings: [
      { grouping: 'speaker', title: 'speaker', groups: 91, examples: ['1001', '1002', '1003'] },
      { grouping: { column: 'Sex' }, title: '“Sex” of the CSV', groups: 2, examples: ['Female', 'Male'] },
      {
        grouping: { namePart: 2 },
        title: 'part 2 of the file name',
        groups: 12,
        examples: ['DFA', 'IEO', 'IOM'],
      },
    ],
    problems: [],
    ...change,
  };
}

/** A made-up DET curve: misses over false alarms with their product constant. */
function fakeCurve(eer: number): CurveData {
  const rates = Float32Array.from({ length: 200 }, (_, index) => 0.0005 * 1900 ** (index / 199));
  return {
    falseAccept: rates,
    falseReject: rates.map((rate) => Math.min(0.999, (eer * eer) / rate)),
    eer,
    threshold: 0.31,
    targets: 186,
    nonTargets: 931,
  };
}

export function fakeEvaluation(run: RunStatus, part: EvaluationResult['part'] = 'test'): EvaluationResult {
  const rng = Rng.fromSeed(5, part);
  const size = run.classes.length;
  const examples = fakeUtterances(400).map(({ path }, index) => {
    const truth = index % size;
    return {
      path,
      truth,
      prediction: rng.nextFloat() < 0.7 ? truth : rng.nextInt(size),
      confidence: 0.3 + 0.7 * rng.nextFloat(),
    };
  });
  const confusion = Array.from({ length: size * size }, () => 0);
  for (const { truth, prediction } of examples) confusion[truth * size + prediction]! += 1;
  return {
    run: run.id,
    checkpoint: run.best?.checkpoint ?? 'epoch-1',
    part,
    summary: run.history.at(-1)?.validation ?? {
      loss: 1,
      accuracy: 0.7,
      uar: 0.69,
      macroF1: 0.68,
      eer: 0.12,
    },
    count: examples.length,
    classes: run.classes,
    confusion,
    perClass: run.classes.map((_, index) => ({
      precision: 0.61 + 0.04 * index,
      recall: 0.72 - 0.02 * index,
      f1: 0.66 + 0.01 * index,
      support: 67,
      eer: 0.09 + 0.02 * index,
    })),
    curves: run.classes.map((_, index) => fakeCurve(0.09 + 0.02 * index)),
    pooled: fakeCurve(0.12),
    eerDefinition:
      'The rate at which false accepts and false rejects are equal, interpolated between the two thresholds around the crossing; each class against the rest, pooled over classes.',
    layerWeights: run.config.head.kind === 'layer-mix' ? [0.1, 0.25, 0.4, 0.15, 0.1] : null,
    examples,
  };
}

export function fakeEmbeddingMap(count = 2000, method: EmbeddingMap['method'] = 'pca'): EmbeddingMap {
  const rng = Rng.fromSeed(3, method);
  const utterances = fakeUtterances(count);
  const points = new Float32Array(2 * count);
  utterances.forEach(({ label }, index) => {
    const group = emotions.indexOf(label ?? 'neutral');
    points[2 * index] = 5 * Math.sin(group * 1.7) + 1.6 * rng.nextGaussian();
    points[2 * index + 1] = 5 * Math.cos(group * 2.9) + 1.6 * rng.nextGaussian();
  });
  return {
    method,
    points,
    paths: utterances.map(({ path }) => path),
    labels: utterances.map(({ label }) => label ?? ''),
    speakers: utterances.map(({ speaker }) => speaker ?? ''),
    predictions: utterances.map(({ label }, index) => (index % 4 === 0 ? 'neutral' : (label ?? 'neutral'))),
    parts: utterances.map((_, index) => (index % 5 === 0 ? 'test' : 'train')),
  };
}

/** All folds together, three speakers. */
export const fakeCrossValidationResult: CrossValidationResult = (() => {
  const { confusion, summary } = fakeEvaluation(fakeRun(1));
  return {
    method: { kind: 'leave-one-speaker-out' },
    folds: ['1001', '1002', '1003'].map((name) => ({ name, summary, count: 82 })),
    pooled: summary,
    classes: emotions,
    confusion,
  };
})();

/** A kept cross-validation with so many folds done. */
export function fakeCrossValidation(
  change: Partial<CrossValidationStatus>,
  done: number,
): CrossValidationStatus {
  const { method, folds } = fakeCrossValidationResult;
  const { config, source } = fakeRun(1);
  return {
    id: 'kept',
    name: source.name,
    source,
    state: done === folds.length ? 'finished' : 'interrupted',
    method,
    groups: 'speaker',
    target: 'label',
    config,
    folds: folds.map((fold, index) => ({ ...fold, summary: index < done ? fold.summary : null })),
    createdAt: '2025-03-01T10:00:00.000Z',
    notice: null,
    writable: true,
    ...change,
  };
}
