import { expect, test } from 'vitest';
import {
  checkpointName,
  decodeCheckpoint,
  encodeCheckpoint,
  stateDigest,
  type Checkpoint,
} from '../../../src/training/checkpoint.ts';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { defaultTraining, type TrainingConfig } from '../../../src/training/config.ts';
import { fit, type FitHooks, type FitResult } from '../../../src/training/fit.ts';
import { defaultAdamW } from '../../../src/training/optimizer.ts';
import type { FeatureLayout } from '../../../src/training/heads/head.ts';
import type { TrainingData } from '../../../src/training/preflight.ts';
import { blobs, withValidation } from './blobs.ts';

const compute = await openWasmCompute();

const quick: TrainingConfig = { ...defaultTraining, optimizer: { ...defaultAdamW, learningRate: 0.02 } };

const mlp: TrainingConfig = {
  ...quick,
  head: { kind: 'mlp', hidden: [24, 12], dropout: 0.3 },
  epochs: 3,
  batchSize: 16,
  clipNorm: 1,
  schedule: { kind: 'plateau', gamma: 0.5, patience: 0, threshold: 1e-4, minFactor: 0, warmupSteps: 5 },
  loss: { classWeights: 'balanced', labelSmoothing: 0.1, contrastive: { weight: 0.3, temperature: 0.2 } },
  sampler: { classWeights: [1, 2, 1], capPerClass: 50 },
};

function run(
  data: TrainingData,
  config: TrainingConfig,
  from: Checkpoint | null,
  hooks: FitHooks = {},
): Promise<FitResult> {
  const start = from ? ({ kind: 'checkpoint', checkpoint: from } as const) : ({ kind: 'fresh' } as const);
  return fit({ compute, data, config, start, hooks });
}

/** Stops before every `stride`-th step, writes the checkpoint as a file, reads it, goes on. */
async function runInPieces(data: TrainingData, config: TrainingConfig, stride: number): Promise<Checkpoint> {
  let from: Checkpoint | null = null;
  for (;;) {
    let asked = 0;
    const result: FitResult = await run(data, config, from, { shouldPause: () => (asked += 1) > stride });
    from = decodeCheckpoint(encodeCheckpoint(result.checkpoint));
    if (result.state === 'finished') return from;
  }
}

const layouts: readonly (readonly [string, FeatureLayout, TrainingConfig])[] = [
  ['linear', { kind: 'vector', size: 20 }, { ...quick, epochs: 3, batchSize: 16 }],
  ['MLP with everything on', { kind: 'vector', size: 20 }, mlp],
  [
    'MLP by SGD',
    { kind: 'vector', size: 20 },
    {
      ...mlp,
      optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 },
    },
  ],
  [
    'weighted sum of layers',
    { kind: 'layers', layers: 4, size: 12 },
    { ...mlp, epochs: 5, head: { kind: 'layer-mix', hidden: [16], dropout: 0.1 } },
  ],
  [
    'attention over frames',
    { kind: 'frames', size: 8 },
    { ...mlp, head: { kind: 'attention', attentionSize: 6, hidden: [], dropout: 0 }, epochs: 2 },
  ],
];

test.each(layouts)(
  '%s: a run that stopped again and again, mid-epoch, ends with the same bits',
  async (_name, layout, config) => {
    const data = withValidation(blobs(150, 3, layout), 40);
    const straight = await run(data, config, null);
    expect(straight.state).toBe('finished');
    const expected = await stateDigest(straight.checkpoint);
    expect(straight.checkpoint.history.epochs.at(-1)!.validation!.accuracy).toBeGreaterThan(0.8);
    for (const stride of [1, 4]) {
      const pieced = await runInPieces(data, config, stride);
      expect(pieced.history).toEqual(straight.checkpoint.history);
      expect(await stateDigest(pieced)).toBe(expected);
    }
  },
);

test('checkpoints inside an epoch are made every n steps and each of them leads to the same end', async () => {
  const data = withValidation(blobs(150, 3, { kind: 'vector', size: 20 }), 40);
  const config = { ...mlp, checkpointEverySteps: 3 };
  const made: Checkpoint[] = [];
  const end = await run(data, config, null, { onCheckpoint: (checkpoint) => void made.push(checkpoint) });
  expect(made.filter(({ lineage }) => lineage.reason === 'step').length).toBeGreaterThan(3);
  expect(new Set(made.map(checkpointName)).size).toBe(made.length);
  for (const checkpoint of made) {
    const again = await run(data, config, checkpoint);
    expect(await stateDigest(again.checkpoint)).toBe(await stateDigest(end.checkpoint));
  }
});

test('a loss that blows up stops the run, names step and batch, and keeps the checkpoint before it', async () => {
  const data = withValidation(blobs(150, 3, { kind: 'vector', size: 20 }), 40);
  const config: TrainingConfig = {
    ...defaultTraining,
    head: { kind: 'mlp', hidden: [16], dropout: 0 },
    batchSize: 16,
    optimizer: { kind: 'sgd', learningRate: 1e18, momentum: 0, nesterov: false, weightDecay: 0 },
    schedule: { kind: 'constant', warmupSteps: 0 },
    checkpointEverySteps: 1,
  };
  const made: Checkpoint[] = [];
  await expect(
    run(data, config, null, { onCheckpoint: (checkpoint) => void made.push(checkpoint) }),
  ).rejects.toThrow(
    /step \d+ \(epoch 1, batch \d+\).*(last good checkpoint is epoch_0000_step_000000\d|no checkpoint)/,
  );
  for (const checkpoint of made)
    for (const { values } of checkpoint.parameters) expect(values.every(Number.isFinite)).toBe(true);
});

test('memory on the device is flat over a thousand steps and empty after the run', async () => {
  const before = compute.memory();
  const data = withValidation(blobs(150, 3, { kind: 'vector', size: 20 }), 40);
  const seen: number[] = [];
  await run(data, { ...mlp, epochs: 150 }, null, {
    onEpoch: () => void seen.push(compute.memory().sizeBytes),
  });
  expect(new Set(seen).size).toBe(1);
  expect(compute.memory()).toEqual(before);
});

test('one class only, an unseen label and other data are told in sentences', async () => {
  const data = withValidation(blobs(60, 3, { kind: 'vector', size: 5 }), 20);
  const one = { ...data, train: data.train.filter((index) => data.examples.labels[index] === 1) };
  await expect(run(one, defaultTraining, null)).rejects.toThrow('have the label “class 1”');
  const unseen = { ...data, train: data.train.filter((index) => data.examples.labels[index] !== 2) };
  const notices: string[] = [];
  const short = { ...defaultTraining, epochs: 1 };
  await run(unseen, short, null, { onNotices: (all) => notices.push(...all) });
  expect(notices.join(' ')).toContain('“class 2” occurs in validation (7 clips) but never in training');
  const { checkpoint } = await run(data, short, null);
  await expect(run(unseen, short, checkpoint)).rejects.toThrow('other embeddings, labels or another split');
});
