import { expect, test } from 'vitest';
import { openDevice } from '../../src/device/backend.ts';
import { openBuiltIn } from '../../src/encoder/built-in.ts';
import { weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';
import { seededCheckpoint } from '../../src/encoder/seeded-weights.ts';
import { createEncoder } from '../../src/encoder/wavlm.ts';

test('the built-in encoder opens from the files beside the page, the same weights each time', async () => {
  const { checkpoint } = await openBuiltIn();
  expect(checkpoint.config.modelType).toBe('wavlm');
  expect(checkpoint.config.convLayers).toHaveLength(7);
  const again = await openBuiltIn();
  expect(await weightsHash(again.checkpoint)).toBe(await weightsHash(checkpoint));
});

test('without the page’s files a sentence says so', async () => {
  await expect(openBuiltIn(new URL('/nowhere/', location.href))).rejects.toThrow(/config\.json/);
});

test('even untrained, every hidden state tells a low tone, a high tone and noise apart', async () => {
  const { checkpoint } = await openBuiltIn();
  const device = await openDevice('wasm');
  const encoder = await createEncoder(seededCheckpoint(checkpoint.config, true, 1));
  const tone = (frequency: number) =>
    Float32Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / 16000));
  const noise = Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i * i * 12.9898));
  const means = await Promise.all([tone(200), tone(1500), noise].map((clip) => layerMeans(encoder, clip)));
  for (let layer = 0; layer <= encoder.layers; layer += 1) {
    const [low, high, hiss] = means.map((rows) => rows[layer] ?? new Float32Array());
    if (!low || !high || !hiss) throw new Error('no such layer');
    for (const [a, b] of [
      [low, high],
      [low, hiss],
      [high, hiss],
    ] as const) {
      expect(cosine(a, b), `hidden state ${layer}`).toBeLessThan(0.95);
    }
  }
  encoder.dispose();
  device.dispose();
});

async function layerMeans(
  encoder: Awaited<ReturnType<typeof createEncoder>>,
  clip: Float32Array,
): Promise<Float32Array[]> {
  const { data, shape } = await encoder.hiddenStates(clip);
  const [layers, frames, size] = shape;
  return Array.from({ length: layers }, (_, layer) =>
    Float32Array.from({ length: size }, (_, d) => {
      let sum = 0;
      for (let t = 0; t < frames; t += 1) sum += data[(layer * frames + t) * size + d] ?? 0;
      return sum / frames;
    }),
  );
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
