import { expect, test } from 'vitest';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { defaultTraining, type TrainingConfig } from '../../../src/training/config.ts';
import { crossValidate } from '../../../src/training/cross-validate.ts';
import { evaluate, explain, predict } from '../../../src/training/evaluate.ts';
import { fit } from '../../../src/training/fit.ts';
import { defaultAdamW } from '../../../src/training/optimizer.ts';
import { encodeSafetensors } from '../../../src/training/safetensors.ts';
import { readWeights } from '../../../src/training/weights.ts';
import { blobs, withValidation } from './blobs.ts';

const compute = await openWasmCompute();
const config: TrainingConfig = {
  ...defaultTraining,
  epochs: 5,
  batchSize: 16,
  optimizer: { ...defaultAdamW, learningRate: 0.02 },
};
const start = { kind: 'fresh' } as const;

test('a checkpoint evaluated again has the validation figures that its history holds', async () => {
  const data = withValidation(blobs(120, 3, { kind: 'vector', size: 8 }), 300 / 10);
  const { checkpoint } = await fit({ compute, data, config, start });
  const { evaluation, unknownLabels } = await evaluate(compute, checkpoint, data.examples, data.validation);
  expect(evaluation.summary).toEqual(checkpoint.history.epochs.at(-1)!.validation);
  expect(unknownLabels).toBe(0);
});

test('labels are matched by name, and unknown ones left out and counted', async () => {
  const data = withValidation(blobs(120, 3, { kind: 'vector', size: 8 }), 30);
  const { checkpoint } = await fit({ compute, data, config, start });
  const renamed = { ...data.examples, classes: ['class 2', 'other', 'class 1'] };
  const { indices, unknownLabels } = await evaluate(compute, checkpoint, renamed, data.validation);
  expect([indices.length, unknownLabels]).toEqual([20, 10]);
  const foreign = { ...data.examples, classes: ['x', 'y', 'z'] };
  await expect(evaluate(compute, checkpoint, foreign, data.validation)).rejects.toThrow('nothing to judge');
  const wide = blobs(10, 3, { kind: 'vector', size: 9 });
  await expect(predict(compute, checkpoint, wide, Int32Array.of(0))).rejects.toThrow('encoder and layers');
});

test('weights of frames sum to one over the clip’s own frames, padding has none', async () => {
  const data = withValidation(blobs(40, 2, { kind: 'frames', size: 6 }), 10);
  const attention: TrainingConfig = {
    ...config,
    head: { kind: 'attention', attentionSize: 4, hidden: [], dropout: 0 },
  };
  const { checkpoint } = await fit({ compute, data, config: attention, start });
  const { probabilities, weights } = await explain(compute, checkpoint, data.examples, 3);
  const offsets = data.examples.frameOffsets!;
  expect(weights).toHaveLength(offsets[4]! - offsets[3]!);
  expect(weights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
  expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
});

test('folds are pooled, and finished ones are not trained again', async () => {
  const examples = blobs(60, 3, { kind: 'vector', size: 8 }, 1, 0.4);
  const all = Array.from(examples.labels, (_, i) => i);
  const folds = [0, 1, 2].map((fold) => ({
    name: `fold ${fold}`,
    train: Int32Array.from(all.filter((i) => Math.floor(i / 20) !== fold)),
    test: Int32Array.from(all.filter((i) => Math.floor(i / 20) === fold)),
  }));
  const trained: string[] = [];
  const request = { compute, examples, folds, config: { ...config, epochs: 20 } };
  const first = await crossValidate({ ...request, onFold: ({ name }) => void trained.push(name) });
  expect(first!.pooled.count).toBe(60);
  expect(first!.pooled.summary.accuracy).toBeGreaterThan(0.9);
  const again = await crossValidate({
    ...request,
    finished: first!.folds.slice(0, 2),
    onFold: ({ name }) => void trained.push(name),
  });
  expect(again!.pooled).toEqual(first!.pooled);
  expect(trained).toEqual(['fold 0', 'fold 1', 'fold 2', 'fold 2']);
});

test('weights from elsewhere are found by name, behind a prefix or in order; others are refused by name', () => {
  const specs = [
    { name: 'hidden.0.weight', shape: [2, 3], initialBound: 0 },
    { name: 'hidden.0.bias', shape: [2], initialBound: 0 },
  ];
  const file = (names: readonly string[], width = 3): Uint8Array<ArrayBuffer> =>
    encodeSafetensors(
      [
        { name: names[0]!, shape: [2, width], values: new Float32Array(2 * width).fill(1) },
        { name: names[1]!, shape: [2], values: new Float32Array(2).fill(2) },
      ],
      {},
    );
  for (const names of [
    ['hidden.0.weight', 'hidden.0.bias'],
    ['module.hidden.0.weight', 'module.hidden.0.bias'],
    ['0.weight', '0.bias'],
  ])
    expect(readWeights(file(names), specs, 'w').map(({ values }) => values[0])).toEqual([1, 2]);
  expect(() => readWeights(file(['0.weight', '0.bias'], 4), specs, 'w')).toThrow(
    'w has no “hidden.0.weight” [2, 3]',
  );
  expect(() => readWeights(file(['hidden.0.weight', 'x'], 4), specs, 'w')).toThrow('is [2, 4]');
});
