import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test } from 'vitest';
import { openDevice } from '../../../src/device/backend.ts';
import type { TrainingDevices } from '../../../src/engine/training/training-devices.ts';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { TfjsCompute } from '../../../src/training/compute/tfjs.ts';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { cloudsFile, openSession } from '../../unit/engine/training-session.ts';

/** `VITE_TRAINING_STEPS=1000` for a long look; the software GPU takes up to 0.3 s an update. */
const steps = Number(import.meta.env['VITE_TRAINING_STEPS'] ?? 0);
const stepsPerEpoch = 10;

const gpu = await openDevice('webgpu');
const wasm = await openWasmCompute();
afterAll(() => {
  wasm.dispose();
  gpu.dispose();
});

interface Used {
  readonly arrays: number;
  readonly buffers: number;
  readonly sizeBytes: number;
}

const backends = {
  webgpu: {
    compute: new TfjsCompute(),
    used: (): Used => {
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      return { arrays: numTensors, buffers: numDataBuffers, sizeBytes: numBytes };
    },
    checkFaults: () => gpu.checkFaults(),
    steps: 30,
  },
  wasm: {
    compute: wasm,
    used: (): Used => ({ ...wasm.memory(), buffers: 0 }),
    checkFaults: () => Promise.resolve(),
    steps: 400,
  },
} as const;

test.each(['webgpu', 'wasm'] as const)(
  'memory on %s is flat over the updates, epochs and checkpoints of a run, and as before when it has ended',
  async (backend) => {
    const { compute, used, checkFaults, steps: few } = backends[backend];
    const seen: Used[] = [];
    const devices: TrainingDevices = {
      preferred: () => Promise.resolve(backend),
      open: () =>
        Promise.resolve({
          compute,
          backend,
          name: backend,
          // Called at the step boundary where a checkpoint was made, when no loss waits on the device.
          checkFaults: () => {
            seen.push(used());
            return checkFaults();
          },
          nameError: (error: unknown) => error,
        }),
      rebuild: () => Promise.resolve(),
    };
    const before = used();
    const session = await openSession(new MemoryDisk(), devices);
    const epochs = Math.ceil((steps || few) / stepsPerEpoch);
    const id = await session.runs.train({
      extraction: cloudsFile({ count: 100, classes: 2 }),
      head: { kind: 'mlp', hidden: [8], dropout: 0.2 },
      split: { kind: 'stratified', validation: 0.2, test: 0, seed: 1 },
      epochs,
      batchSize: 8,
      clipNorm: 1,
      loss: { contrastive: { weight: 0.2, temperature: 0.2 } },
      checkpointEverySteps: 4,
    });
    const run = await session.runs.finished(id);
    expect(run).toMatchObject({ state: 'finished', step: epochs * stepsPerEpoch });
    expect(seen.length).toBeGreaterThan(2 * epochs);
    expect(seen[0]!.arrays).toBeGreaterThan(before.arrays);
    for (const now of seen) expect(now).toEqual(seen[0]);
    expect(used()).toEqual(before);
  },
);
