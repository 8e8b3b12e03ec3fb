import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../../src/device/backend.ts';
import { testValues } from '../../src/device/self-test.ts';
import { createEncoder, type Encoder } from '../../src/encoder/wavlm.ts';
import { loadGolden, relativeError } from './golden.ts';

const lengths = [5000, 400, 3333, 5120, 720];
const waveforms = lengths.map((length, i) => testValues(length, i).map((value) => value * 0.3));

describe.each(['wasm', 'webgpu'] as const)('on %s', (backend) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(backend);
  });
  afterAll(() => device.dispose());

  async function withEncoder(name: string, run: (encoder: Encoder) => Promise<void>): Promise<void> {
    const encoder = await createEncoder((await loadGolden(name)).checkpoint);
    try {
      await run(encoder);
      await device.checkFaults();
    } finally {
      encoder.dispose();
    }
  }

  test.each(['wavlm-base', 'wavlm-large', 'data2vec-audio'])(
    '%s gives a clip the same embedding alone and in any batch',
    async (name) => {
      await withEncoder(name, async (encoder) => {
        const request = { layers: [0, 1, encoder.layers], pooling: 'mean+std' } as const;
        const together = await encoder.encode(waveforms, request);
        for (const [i, waveform] of waveforms.entries()) {
          const [alone] = await encoder.encode([waveform], request);
          for (const part of ['mean', 'squaredDeviations'] as const) {
            const [a, b] = [alone?.[part], together[i]?.[part]];
            if (!a || !b) throw new Error('The encoder gave no moments.');
            if (backend === 'wasm') expect(b).toEqual(a);
            else expect(relativeError(b, a), `clip ${i}, ${part}`).toBeLessThan(1e-5);
          }
        }
      });
    },
  );

  test('the same batch gives the same bits again', async () => {
    await withEncoder('wavlm-base', async (encoder) => {
      const request = { layers: [2], pooling: 'none' } as const;
      expect(await encoder.encode(waveforms, request)).toEqual(await encoder.encode(waveforms, request));
    });
  });

  test('mean and deviations are those of the frames', async () => {
    await withEncoder('wavlm-large', async (encoder) => {
      const clip = waveforms.slice(2, 3);
      const [frames] = await encoder.encode(clip, { layers: [1], pooling: 'none' });
      const [pooled] = await encoder.encode(clip, { layers: [1], pooling: 'mean+std' });
      if (!frames?.frames || !pooled?.mean || !pooled.squaredDeviations) throw new Error('Nothing pooled.');
      const values = frames.frames;
      const size = encoder.hiddenSize;
      for (let d = 0; d < size; d += 1) {
        const column = Array.from({ length: frames.frameCount }, (_, t) => values[t * size + d] ?? 0);
        const mean = column.reduce((a, b) => a + b) / column.length;
        expect(pooled.mean[d]).toBeCloseTo(mean, 5);
        expect(pooled.squaredDeviations[d]).toBeCloseTo(
          column.reduce((a, b) => a + (b - mean) ** 2, 0),
          3,
        );
      }
    });
  });

  test('a clip shorter than one frame and an unknown layer are refused by name', async () => {
    await withEncoder('distilhubert', async (encoder) => {
      const request = { layers: [0], pooling: 'mean' } as const;
      await expect(encoder.encode([new Float32Array(399)], request)).rejects.toMatchObject({
        name: 'WaveformTooShortError',
      });
      await expect(encoder.encode(waveforms, { ...request, layers: [3] })).rejects.toThrow('Layer 3');
    });
  });

  test('values that are not numbers are refused by name', async () => {
    await withEncoder('distilhubert', async (encoder) => {
      const broken = new Float32Array(2000).fill(Number.NaN);
      await expect(encoder.encode([broken], { layers: [1], pooling: 'mean' })).rejects.toMatchObject({
        name: 'NonFiniteEmbeddingError',
      });
    });
  });
});
