import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDevice, type Device } from '../../src/device/backend.ts';
import { createEncoder, type EncoderOptions } from '../../src/encoder/wavlm.ts';
import { loadGolden, loadGoldenClips, relativeError, type GoldenCase } from './golden.ts';

let device: Device;
let clip: Float32Array;
beforeAll(async () => {
  device = await openDevice('webgpu');
  clip = (await loadGoldenClips())[1]!;
  // What tfjs does for convolutions as small as these, a matrix of all windows, it does not do for those of real widths.
  tf.env().set('WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL', 0);
});
afterAll(() => {
  tf.env().set('WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL', -1);
  device.dispose();
});

/** The hidden states of a reference clip of a second, and the largest tensor that the GPU was given to fill. */
async function encode(golden: GoldenCase, options: EncoderOptions) {
  const encoder = await createEncoder(golden.checkpoint, undefined, options);
  const backend = tf.backend() as WebGPUBackend;
  const run = backend.runWebGPUProgram.bind(backend);
  let largestBytes = 0;
  let programs = 0;
  backend.runWebGPUProgram = (program, ...rest) => {
    largestBytes = Math.max(largestBytes, 4 * tf.util.sizeFromShape(program.outputShape));
    programs += 1;
    return run(program, ...rest);
  };
  try {
    const { data } = await encoder.hiddenStates(clip);
    await device.checkFaults();
    return { data, largestBytes, programs };
  } finally {
    backend.runWebGPUProgram = run;
    encoder.dispose();
  }
}

// Group norm over time; LayerNorm.
test.each(['wavlm-base', 'wavlm-large'])(
  '%s: a clip that the GPU cannot bind at once goes through in stretches, with the same hidden states',
  async (name) => {
    const golden = await loadGolden(name);
    const whole = await encode(golden, {});
    const { hiddenSize, intermediateSize, convLayers } = golden.checkpoint.config;
    // The clip is padded to 63 frames.
    const least = 4 * 64 * Math.max(3 * hiddenSize, intermediateSize, convLayers.at(-1)?.channels ?? 0);
    expect(whole.largestBytes).toBeGreaterThan(3 * least);
    for (const maxTensorBytes of [least, Math.floor(whole.largestBytes / 2) - 4]) {
      const parts = await encode(golden, { maxTensorBytes });
      expect(parts.largestBytes).toBeLessThanOrEqual(maxTensorBytes);
      expect(parts.programs).toBeGreaterThan(whole.programs);
      expect(relativeError(parts.data, whole.data)).toBeLessThan(1e-5);
    }
  },
);

test('a clip whose frames alone are too many for the GPU is refused by name', async () => {
  const golden = await loadGolden('wavlm-base');
  await expect(encode(golden, { maxTensorBytes: 4000 })).rejects.toMatchObject({ name: 'ClipTooLongError' });
});
