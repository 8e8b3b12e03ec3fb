import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packLinear, packPanels, transpose, unpackPanels } from '../../src/encoder/kernels/layout.ts';
import { foldGroupNorm } from '../../src/encoder/kernels/wasm/group-norm.ts';
import { mergeWindows, type EncodedWaveform } from '../../src/encoder/pooling.ts';
import { foldWeightNorm } from '../../src/encoder/positional-conv.ts';
import { relativePositionBucket, relativePositionTable } from '../../src/encoder/relative-position.ts';

const bucket = (relative: number): number => relativePositionBucket(relative, 320, 800);

test('buckets of relative positions are those of the reference', () => {
  expect([0, 1, -1, 79, 80, -800, 800, 5000].map(bucket)).toEqual([0, 161, 1, 239, 240, 159, 319, 319]);
  const firsts: number[] = [];
  for (let distance = 1; distance <= 900; distance += 1)
    if (bucket(-distance) !== bucket(1 - distance) && distance >= 80) firsts.push(distance);
  expect(firsts.slice(0, 8)).toEqual([80, 83, 85, 88, 90, 93, 96, 98]);
  expect(firsts.slice(-2)).toEqual([756, 778]);
});

test('the table of relative positions holds key − query at entry r + T − 1', () => {
  const embedding = Float32Array.from({ length: 320 * 2 }, (_, i) => i);
  const table = relativePositionTable(embedding, 2, 3, 320, 800);
  // r = −2 … 2, head 0 then head 1
  const buckets = [2, 1, 0, 161, 162];
  expect([...table]).toEqual([...buckets.map((b) => 2 * b), ...buckets.map((b) => 2 * b + 1)]);
});

test('weight norm folds to taps of norm g', () => {
  const g = Float32Array.of(2, 3);
  const v = Float32Array.of(3, 1, 0, 2, 4, 2);
  const w = foldWeightNorm(g, v);
  for (const k of [0, 1]) {
    const norm = Math.hypot(...[0, 1, 2].map((i) => w[i * 2 + k] ?? 0));
    expect(norm).toBeCloseTo(g[k] ?? 0, 6);
  }
});

test('a conv with its norm over time folded in gives the normed channels', () => {
  const [kernel, stride, outputs, n] = [10, 5, 8, 413];
  const frames = Math.floor((n - kernel) / stride) + 1;
  const value = (i: number): number => Math.fround(Math.sin(i * 1.7) + 0.3);
  const samples = Float32Array.from({ length: n }, (_, i) => value(i));
  const filter = Float32Array.from({ length: kernel * outputs }, (_, i) => value(i + 1000) * 0.2);
  const weight = Float32Array.from({ length: outputs }, (_, i) => 1 + 0.1 * i);
  const bias = Float32Array.from({ length: outputs }, (_, i) => 0.2 * i - 0.5);
  const epsilon = 1e-5;
  const folded = foldGroupNorm({ samples, filter, weight, bias, kernel, stride, outputs, frames, epsilon });
  const convolve = (w: Float32Array, o: number, t: number): number => {
    let sum = 0;
    for (let k = 0; k < kernel; k += 1) sum += (w[k * outputs + o] ?? 0) * (samples[t * stride + k] ?? 0);
    return sum;
  };
  for (let o = 0; o < outputs; o += 1) {
    const channel = Array.from({ length: frames }, (_, t) => convolve(filter, o, t));
    const mean = channel.reduce((a, b) => a + b) / frames;
    const variance = channel.reduce((a, b) => a + (b - mean) ** 2, 0) / frames;
    for (let t = 0; t < frames; t += 1) {
      const expected =
        (((channel[t] ?? 0) - mean) / Math.sqrt(variance + epsilon)) * (weight[o] ?? 0) + (bias[o] ?? 0);
      expect(convolve(folded.filter, o, t) + (folded.bias[o] ?? 0)).toBeCloseTo(expected, 5);
    }
  }
});

/** What the encoder would give for a run of frames, D = 1. */
function encode(frames: readonly number[]): EncodedWaveform {
  const mean = frames.reduce((a, b) => a + b, 0) / frames.length;
  return {
    frameCount: frames.length,
    frames: null,
    mean: Float32Array.of(mean),
    squaredDeviations: Float32Array.of(frames.reduce((a, b) => a + (b - mean) ** 2, 0)),
  };
}

test('windows merge to the mean and deviation of all frames together', () => {
  const window = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 5 }), (windows) => {
      const all = windows.flat();
      const mean = all.reduce((a, b) => a + b) / all.length;
      const deviation = Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length);
      const merged = mergeWindows(windows.map(encode), 'mean+std', 1);
      expect(merged.frameCount).toBe(all.length);
      expect(merged.values[0]).toBeCloseTo(mean, 4);
      expect(merged.values[1]).toBeCloseTo(deviation, 3);
    }),
  );
});

test('frames of windows are joined layer by layer', () => {
  const part = (values: number[]): EncodedWaveform => ({
    frameCount: values.length / 2,
    frames: Float32Array.from(values),
    mean: null,
    squaredDeviations: null,
  });
  // two layers, D = 1
  const merged = mergeWindows([part([1, 2, 10, 20]), part([3, 30])], 'none', 2);
  expect([...merged.values]).toEqual([1, 2, 3, 10, 20, 30]);
});

test('a value that is not a number is refused by name', () => {
  const broken = { ...encode([1]), mean: Float32Array.of(Number.NaN) };
  expect(() => mergeWindows([broken], 'mean', 1)).toThrow(
    expect.objectContaining({ name: 'NonFiniteEmbeddingError' }),
  );
});

test('the layouts of weights hold the same matrix', () => {
  const [inputs, outputs] = [5, 24];
  const stored = Float32Array.from({ length: inputs * outputs }, (_, i) => i);
  const rows = transpose(stored, outputs, inputs);
  expect(rows[3 * outputs + 17]).toBe(stored[17 * inputs + 3]);
  expect(packLinear(stored, inputs, outputs)).toEqual(packPanels(rows, 1, inputs, outputs));
  expect(unpackPanels(packPanels(rows, 1, inputs, outputs), inputs, outputs)).toEqual(rows);
});
