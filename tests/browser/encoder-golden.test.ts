import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../../src/device/backend.ts';
import { createEncoder } from '../../src/encoder/wavlm.ts';
import { goldenNames, loadGolden, loadGoldenClips, relativeError } from './golden.ts';

describe.each(['wasm', 'webgpu'] as const)('on %s', (backend) => {
  let device: Device;
  let clips: Float32Array[];

  beforeAll(async () => {
    device = await openDevice(backend);
    clips = await loadGoldenClips();
  });

  afterAll(() => device.dispose());

  test.each(goldenNames)('every hidden state of %s is the one of transformers', async (name) => {
    const golden = await loadGolden(name);
    const encoder = await createEncoder(golden.checkpoint);
    for (const [i, clip] of clips.entries()) {
      const expected = golden.expected.get(`clip_${i}.hidden_states`);
      const states = await encoder.hiddenStates(clip);
      expect(states.shape).toEqual(expected?.shape);
      const [layers, frames, size] = states.shape;
      for (let layer = 0; layer < layers; layer += 1) {
        const [from, to] = [layer * frames * size, (layer + 1) * frames * size];
        const error = relativeError(
          states.data.subarray(from, to),
          expected?.values.subarray(from, to) ?? new Float32Array(),
        );
        expect(error, `clip ${i}, hidden state ${layer}`).toBeLessThan(1e-4);
      }
    }
    await device.checkFaults();
    encoder.dispose();
  });
});
