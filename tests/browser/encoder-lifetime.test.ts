import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../../src/device/backend.ts';
import { runSelfTest, testValues } from '../../src/device/self-test.ts';
import { openBuiltIn } from '../../src/encoder/built-in.ts';
import { encoderKnownAnswers } from '../../src/encoder/self-test.ts';
import { createEncoder } from '../../src/encoder/wavlm.ts';
import { loadGolden } from './golden.ts';

let device: Device | null = null;
afterEach(() => device?.dispose());

describe.each(['wasm', 'webgpu'] as const)('on %s', (backend) => {
  test('every kernel passes the self-test', async () => {
    device = await openDevice(backend);
    await runSelfTest(device, await encoderKnownAnswers());
    expect(device.status.selfTest).toBe('passed');
  });

  test('nothing is left behind by batches of many lengths, nor by the encoder', async () => {
    device = await openDevice(backend);
    const before = tf.memory().numTensors;
    const encoder = await createEncoder((await loadGolden('wavlm-base')).checkpoint);
    const weights = tf.memory().numTensors;
    const limit = 4 * 1024 * 1024;
    for (let i = 0; i < 12; i += 1) {
      const waveforms = [400 + 331 * i, 900 + 100 * i].map((length) => testValues(length, i));
      await encoder.encode(waveforms, { layers: [1, 3], pooling: i % 2 ? 'mean+std' : 'none' });
      device.trim(limit);
      expect(tf.memory().numTensors).toBe(weights);
      expect(device.pooledBytes()).toBeLessThanOrEqual(limit);
    }
    await device.checkFaults();
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('an encoder that cannot be read leaves nothing on the device', async () => {
    device = await openDevice(backend);
    const { checkpoint } = await loadGolden('wavlm-base');
    const before = tf.memory().numTensors;
    const name = 'encoder.layers.2.final_layer_norm.bias';
    const entry = checkpoint.tensors.get(name);
    if (!entry) throw new Error('The fixture has changed.');
    const replaced = (change: Partial<typeof entry> | null): typeof checkpoint => {
      const tensors = new Map(checkpoint.tensors);
      if (change) tensors.set(name, { ...entry, ...change });
      else tensors.delete(name);
      return { ...checkpoint, tensors };
    };
    const broken = new Float32Array(32).fill(Number.NaN);
    for (const [change, error] of [
      [null, 'MissingTensorError'],
      [{ shape: [31] }, 'TensorShapeError'],
      [{ read: async () => broken }, 'NonFiniteWeightError'],
    ] as const) {
      const failure: unknown = await createEncoder(replaced(change)).catch((reason: unknown) => reason);
      expect(failure).toMatchObject({ name: error });
      expect(String(failure)).toContain(name);
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

test('a lost GPU is opened again and the encoder gives what it gave before', async () => {
  const first = await openDevice('webgpu');
  const { checkpoint } = await loadGolden('wavlm-base');
  const encoder = await createEncoder(checkpoint);
  const clip = testValues(2000, 1);
  const request = { layers: [3], pooling: 'mean' } as const;
  const before = await encoder.encode([clip], request);
  const gpu: unknown = Reflect.get(tf.backend(), 'device');
  if (!(gpu instanceof GPUDevice)) throw new Error('WebGPU is not the backend.');
  gpu.destroy();
  await first.lost;
  const failure: unknown = await encoder
    .encode([clip], request)
    .then(() => first.checkFaults())
    .catch((error: unknown) => first.nameError(error));
  expect(failure).toMatchObject({ name: 'DeviceLostError' });
  encoder.dispose();
  device = await openDevice('webgpu');
  const again = await createEncoder(checkpoint);
  expect(await again.encode([clip], request)).toEqual(before);
  again.dispose();
});

test('the built-in encoder takes 16 seconds of audio on wasm', async () => {
  device = await openDevice('wasm');
  const { checkpoint } = await openBuiltIn();
  const encoder = await createEncoder(checkpoint);
  const waveform = testValues(16 * 16000, 1).map((value) => value * 0.1);
  const [encoded] = await encoder.encode([waveform], { layers: [encoder.layers], pooling: 'mean+std' });
  expect(encoded?.frameCount).toBe(799);
  expect(encoded?.mean).toHaveLength(encoder.hiddenSize);
  encoder.dispose();
});
