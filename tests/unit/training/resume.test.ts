import { expect, test } from 'vitest';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  stateDigest,
  type Checkpoint,
} from '../../../src/training/checkpoint.ts';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { defaultTraining, type TrainingConfig } from '../../../src/training/config.ts';
import { countSteps, fit } from '../../../src/training/fit.ts';
import { proveResume } from '../../../src/training/prove.ts';
import { applyChanges, diffConfig, refusedChanges } from '../../../src/training/resume.ts';
import { checkpointsToPrune } from '../../../src/training/retention.ts';
import { decodeSafetensors } from '../../../src/training/safetensors.ts';
import { blobs, withValidation } from './blobs.ts';

const compute = await openWasmCompute();
const data = withValidation(blobs(90, 3, { kind: 'vector', size: 6 }), 26);
const config: TrainingConfig = {
  ...defaultTraining,
  head: { kind: 'mlp', hidden: [5], dropout: 0.2 },
  epochs: 2,
  batchSize: 16,
};
const { checkpoint } = await fit({ compute, data, config, start: { kind: 'fresh' } });

test('every changed setting is listed old → new by its path', () => {
  const to: TrainingConfig = {
    ...config,
    epochs: 9,
    optimizer: { ...config.optimizer, learningRate: 0.1 },
    clipNorm: 1,
  };
  expect(diffConfig(config, to)).toEqual([
    { path: 'clipNorm', from: null, to: 1 },
    { path: 'epochs', from: 2, to: 9 },
    { path: 'optimizer.learningRate', from: 0.001, to: 0.1 },
  ]);
  expect(diffConfig(config, { ...config })).toEqual([]);
});

test('changes that make no sense are refused with the reason; dropout and rates may change', () => {
  const refused = (to: Partial<TrainingConfig>, from: Checkpoint = checkpoint): string =>
    refusedChanges(from, { ...config, ...to }).join(' ');
  expect(refused({ head: { kind: 'linear' } })).toContain('do not fit');
  expect(refused({ seed: 7 })).toContain('another run');
  expect(refused({ standardise: false })).toContain('standardised the other way');
  expect(refused({ epochs: 1 })).toContain('beyond a target of 1');
  expect(
    refused({
      optimizer: { kind: 'sgd', learningRate: 1, momentum: 0, nesterov: false, weightDecay: 0 },
    }),
  ).toContain('means nothing to sgd');
  const inside = { ...checkpoint, sampler: { ...checkpoint.sampler, cursor: 16 } };
  expect(refused({ batchSize: 8 }, inside)).toContain('between epochs');
  expect(refused({ batchSize: 8, head: { kind: 'mlp', hidden: [5], dropout: 0.5 }, epochs: 5 })).toBe('');
  expect(() => applyChanges(checkpoint, { ...config, seed: 7 }, { before: 8, after: 8 })).toThrow(
    'another run',
  );
});

test('a run extended past its target logs the change and goes on, stretched, kept or restarted', async () => {
  const to = { ...config, epochs: 4 };
  const steps = { before: countSteps(data, config).total, after: countSteps(data, to).total };
  const rates = await Promise.all(
    (['keep', 'stretch', 'restart'] as const).map(async (extension) => {
      const extended = applyChanges(checkpoint, to, steps, extension);
      const result = await fit({
        compute,
        data,
        config: to,
        start: { kind: 'checkpoint', checkpoint: extended },
      });
      expect(result.checkpoint.history.epochs).toHaveLength(4);
      expect(result.checkpoint.history.changes[0]).toMatchObject({ step: steps.before });
      return result.checkpoint.history.stepLearningRate[steps.before]!;
    }),
  );
  expect(rates[0]).toBeCloseTo(0, 12);
  expect(rates[1]).toBeCloseTo(0.0005, 5);
  expect(rates[2]).toBeCloseTo(0.001, 12);
});

test('extending with the unchanged schedule equals having asked for more epochs at once', async () => {
  const constant: TrainingConfig = { ...config, schedule: { kind: 'constant', warmupSteps: 0 } };
  const longer = { ...constant, epochs: 4 };
  const start = { kind: 'fresh' } as const;
  const short = await fit({ compute, data, config: constant, start });
  const straight = await fit({ compute, data, config: longer, start });
  const extended = applyChanges(short.checkpoint, longer, { before: 8, after: 16 });
  const result = await fit({
    compute,
    data,
    config: longer,
    start: { kind: 'checkpoint', checkpoint: extended },
  });
  expect(result.checkpoint.parameters).toEqual(straight.checkpoint.parameters);
  expect(result.checkpoint.slots).toEqual(straight.checkpoint.slots);
});

test('the file is safetensors with weights under PyTorch’s names, and comes back equal', async () => {
  const bytes = encodeCheckpoint(checkpoint);
  const { tensors, metadata } = decodeSafetensors(bytes, 'x');
  expect(metadata['format']).toBe('pt');
  expect(tensors.find(({ name }) => name === 'hidden.0.weight')!.shape).toEqual([5, 6]);
  expect(tensors.map(({ name }) => name)).toContain('optimizer.exp_avg_sq.output.bias');
  const again = decodeCheckpoint(bytes);
  expect(again).toEqual(checkpoint);
  expect(encodeCheckpoint(again)).toEqual(bytes);
  expect(await stateDigest(again)).toBe(await stateDigest(checkpoint));
  const later = { ...again, lineage: { ...again.lineage, createdAt: '2030-01-01T00:00:00Z' } };
  expect(await stateDigest(later)).toBe(await stateDigest(checkpoint));
});

test('torn and foreign files are refused in sentences', () => {
  const bytes = encodeCheckpoint(checkpoint);
  for (const size of [0, 7, 20, 500, bytes.length - 1])
    expect(() => decodeCheckpoint(bytes.slice(0, size), 'epoch_3')).toThrow(/^epoch_3 cannot be read/);
  expect(() => decodeCheckpoint(Uint8Array.from([...bytes, 0]), 'epoch_3')).toThrow('longer than');
  const text = new TextDecoder('latin1').decode(bytes);
  const foreign = Uint8Array.from(text.replace('wavlm-playground-checkpoint', 'x'.repeat(27)), (c) =>
    c.charCodeAt(0),
  );
  expect(() => decodeCheckpoint(foreign, 'bert')).toThrow('no training state');
});

test('weights alone start a fresh run', async () => {
  const start = { kind: 'weights', parameters: checkpoint.parameters } as const;
  const made: Checkpoint[] = [];
  await fit({
    compute,
    data,
    config: { ...config, optimizer: { ...config.optimizer, learningRate: 1e-30, weightDecay: 0 } },
    start,
    hooks: { onCheckpoint: (one) => void made.push(one) },
  });
  expect(made[0]!.parameters).toEqual(checkpoint.parameters);
  expect(made[0]!.step).toBe(4);
  expect(made[0]!.lineage.parent).toBeNull();
});

test('the proof finds a restart identical', async () => {
  const proof = await proveResume({ compute, data, config }, 6);
  expect(proof).toMatchObject({ identical: true, steps: 6, restartStep: 3, firstDifferentStep: null });
  expect(proof.sentence).toContain(proof.straightDigest);
});

test('pruning keeps the two newest, the best and the pinned ones', () => {
  const all = Array.from({ length: 10 }, (_, i) => ({
    name: `e${i + 1}`,
    epoch: i + 1,
    step: (i + 1) * 10,
    endsEpoch: true,
    isBest: i === 2,
    isPinned: i === 4,
  }));
  expect(checkpointsToPrune(all, { kind: 'all' })).toEqual([]);
  expect(checkpointsToPrune(all, { kind: 'last', count: 3 })).toEqual(['e7', 'e6', 'e4', 'e2', 'e1']);
  expect(checkpointsToPrune(all, { kind: 'last', count: 1 })).not.toContain('e9');
  expect(checkpointsToPrune(all, { kind: 'every', every: 4 })).toEqual(['e7', 'e6', 'e2', 'e1']);
  const inside = { ...all[6]!, name: 'inside', step: 75, endsEpoch: false };
  expect(checkpointsToPrune([...all, inside], { kind: 'every', every: 1 })).toEqual(['inside']);
});
