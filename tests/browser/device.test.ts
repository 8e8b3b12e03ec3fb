import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../../src/device/backend.ts';
import { runSelfTest } from '../../src/device/self-test.ts';

let device: Device | null = null;
afterEach(() => device?.dispose());

test('a software adapter is not chosen by itself: wasm with every core', async () => {
  device = await openDevice('auto');
  expect(device.status).toMatchObject({ backend: 'wasm', isSoftware: true });
  expect(device.status.threads).toBe(Math.min(8, navigator.hardwareConcurrency));
  expect(device.status.explanation).toContain('software');
});

describe.each(['wasm', 'webgpu'] as const)('%s', (choice) => {
  test('is opened when it is asked for and passes the self-test', async () => {
    device = await openDevice(choice);
    expect(tf.getBackend()).toBe(choice);
    expect(device.status).toMatchObject({ backend: choice, selfTest: 'not run' });
    await runSelfTest(device);
    expect(device.status.selfTest).toBe('passed');
  });

  test('fails the self-test with a named error when an answer is wrong', async () => {
    device = await openDevice(choice);
    const wrong = {
      name: 'square',
      compute: () => tf.zeros([3]),
      expected: Float32Array.of(1, 4, 9),
      tolerance: 1e-6,
    };
    await expect(runSelfTest(device, [wrong])).rejects.toMatchObject({ name: 'SelfTestError' });
    expect(device.status.selfTest).toBe('failed');
  });
});

test('an error that the GPU reports outside of any call fails the next check, once', async () => {
  const heard: Error[] = [];
  const opened = await openDevice('webgpu', { onFatal: (error) => heard.push(error) });
  device = opened;
  const gpu = gpuOf();
  // A buffer that is copied beyond its end: refused, and tfjs would not notice.
  const buffer = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 32);
  gpu.queue.submit([encoder.finish()]);
  await expect(opened.checkFaults()).rejects.toMatchObject({ name: 'GpuValidationError' });
  expect(heard).not.toHaveLength(0);
  await opened.checkFaults();
});

test('a lost device is told and can be opened again', async () => {
  const first = await openDevice('webgpu');
  gpuOf().destroy();
  expect((await first.lost).name).toBe('DeviceLostError');
  await expect(first.checkFaults()).rejects.toMatchObject({ name: 'DeviceLostError' });
  device = await openDevice('webgpu');
  expect(device.generation).toBe(first.generation + 1);
  await runSelfTest(device);
});

test('the pool of GPU buffers is bounded by trim', async () => {
  device = await openDevice('webgpu');
  for (let size = 1; size <= 20; size += 1) {
    const sum = tf.tidy(() => tf.sum(tf.add(tf.ones([size * 1000]), 1)));
    await sum.data();
    sum.dispose();
  }
  expect(device.pooledBytes()).toBeGreaterThan(100_000);
  device.trim(50_000);
  expect(device.pooledBytes()).toBeLessThanOrEqual(50_000);
  await runSelfTest(device);
});

/** The GPUDevice in tfjs's hands. */
function gpuOf(): GPUDevice {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('WebGPU is not the backend.');
  return backend.device;
}
