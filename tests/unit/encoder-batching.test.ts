import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planBatches } from '../../src/encoder/batching.ts';

const limits = {
  maxPadding: 0.25,
  maxTensorBytes: 4000,
  largestTensorBytes: (samples: number) => samples * 4,
  granularity: 50,
};

test('every waveform is in one batch, which holds it, within the limits', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 40 }), (samples) => {
      const batches = planBatches(samples, limits);
      expect(batches.flatMap((batch) => batch.indices).sort((a, b) => a - b)).toEqual(
        samples.map((_, i) => i),
      );
      for (const { indices, paddedSamples } of batches) {
        expect(paddedSamples % limits.granularity).toBe(0);
        expect(Math.max(...indices.map((i) => samples[i] ?? 0))).toBeLessThanOrEqual(paddedSamples);
        if (indices.length > 1) {
          expect(indices.length * paddedSamples * 4).toBeLessThanOrEqual(limits.maxTensorBytes);
          const real = indices.reduce((sum, i) => sum + (samples[i] ?? 0), 0);
          expect(1 - real / (indices.length * paddedSamples)).toBeLessThanOrEqual(limits.maxPadding);
        }
      }
    }),
  );
});
