import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../../../src/device/backend.ts';
import { Rng } from '../../../src/lib/rng.ts';
import { TfjsCompute } from '../../../src/training/compute/tfjs.ts';
import { stateDigest } from '../../../src/training/checkpoint.ts';
import { defaultTraining, type TrainingConfig } from '../../../src/training/config.ts';
import { fit } from '../../../src/training/fit.ts';
import { proveResume } from '../../../src/training/prove.ts';
import { computeContract } from '../../contracts/compute.ts';
import { blobs, withValidation } from '../../unit/training/blobs.ts';

let device: Device;
beforeAll(async () => {
  device = await openDevice('webgpu');
});
afterAll(() => device.dispose());

describe('webgpu with the fused kernel', () => computeContract(async () => new TfjsCompute()));

test('the fused AdamW kernel and its twin of plain operations agree', async () => {
  const count = 1000;
  const final: Float32Array[] = [];
  for (const fused of [true, false]) {
    const compute = new TfjsCompute({ fused });
    const rng = Rng.fromSeed(3);
    const draw = (): Float32Array => Float32Array.from({ length: count }, () => rng.nextGaussian());
    const arrays = [draw(), new Float32Array(count), new Float32Array(count)].map((values) =>
      compute.persistent(values, [count]),
    );
    const [parameter, mean, square] = arrays;
    for (let step = 1; step <= 30; step += 1)
      compute.scope(() =>
        compute.adamw(parameter!, compute.upload(draw(), [count]), mean!, square!, {
          learningRate: 0.01,
          beta1: 0.9,
          beta2: 0.99,
          epsilon: 1e-8,
          weightDecay: 0.1,
          step,
        }),
      );
    for (const array of arrays) {
      final.push(await compute.read(array));
      compute.free(array);
    }
  }
  for (const i of [0, 1, 2])
    final[i]!.forEach((value, at) => expect(Math.abs(value - final[i + 3]![at]!)).toBeLessThan(1e-6));
  await device.checkFaults();
});

const config: TrainingConfig = {
  ...defaultTraining,
  head: { kind: 'mlp', hidden: [12], dropout: 0.3 },
  epochs: 2,
  batchSize: 16,
  clipNorm: 1,
  loss: { classWeights: 'balanced', labelSmoothing: 0.1, contrastive: { weight: 0.3, temperature: 0.2 } },
};
const data = withValidation(blobs(90, 3, { kind: 'vector', size: 20 }), 26);

test('a restart in the middle of an epoch changes no bit', async () => {
  const proof = await proveResume({ compute: new TfjsCompute(), data, config }, 7);
  expect(proof.sentence).toContain('Bit-identical: 7 steps');
  expect(proof.identical).toBe(true);
});

test('frames attended to, restarted, end with the same bits', async () => {
  const frames = withValidation(blobs(40, 2, { kind: 'frames', size: 6 }), 8);
  const attention: TrainingConfig = {
    ...config,
    head: { kind: 'attention', attentionSize: 4, hidden: [], dropout: 0 },
    loss: defaultTraining.loss,
  };
  const proof = await proveResume({ compute: new TfjsCompute(), data: frames, config: attention }, 3);
  expect(proof.identical).toBe(true);
});

test('a run leaves no tensor behind, and its memory is flat while it goes', async () => {
  const compute = new TfjsCompute();
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  const request = { compute, data, start: { kind: 'fresh' } as const };
  const { checkpoint } = await fit({
    ...request,
    config: { ...config, epochs: 4 },
    hooks: { onEpoch: () => void seen.push(tf.memory().numTensors) },
  });
  expect(new Set(seen).size).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
  expect(await stateDigest(checkpoint)).toMatch(/^[0-9a-f]{64}$/);
  await device.checkFaults();
});
