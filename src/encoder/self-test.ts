import * as tf from '@tensorflow/tfjs-core';
import { referenceMatMul, testValues, type KnownAnswer } from '../device/self-test.ts';
import { parseEncoderConfig } from './config.ts';
import { chooseKernels } from './kernels/choose.ts';
import type { EncoderKernels } from './kernels/contract.ts';

/**
 * Small computations with every kernel of the current backend, and their results from plain JavaScript in float64: to
 * be run by `runSelfTest` before any embedding is kept.
 */
export async function encoderKnownAnswers(): Promise<KnownAnswer[]> {
  const kernels = await chooseKernels(parseEncoderConfig({ model_type: 'wavlm' }));
  return [dense(kernels), layerNorm(kernels), groupNorm(kernels), groupedConv(kernels), attention(kernels)];
}

const tolerance = 2e-5;

/** erf by its Maclaurin series, which float64 carries through for the small arguments here. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Values about `centre`, `spread` wide. */
function values(count: number, phase: number, spread = 1, centre = 0): Float32Array {
  return testValues(count, phase).map((value) => centre + spread * value);
}

function dense(kernels: EncoderKernels): KnownAnswer {
  const [frames, inputs, outputs] = [13, 40, 24];
  const x = values(frames * inputs, 1);
  const weight = values(inputs * outputs, 2, 0.2);
  const bias = values(outputs, 3);
  return {
    name: 'linear layer with GELU',
    compute: () =>
      kernels.dense(
        tf.tensor3d(x, [1, frames, inputs]),
        {
          weight: tf.tensor2d(kernels.layout(weight, 1, inputs, outputs), [inputs, outputs]),
          bias: tf.tensor1d(bias),
          inputs,
          outputs,
        },
        { gelu: true },
      ),
    expected: referenceMatMul(x, weight, frames, inputs, outputs).map((sum, i) =>
      gelu(sum + (bias[i % outputs] ?? 0)),
    ),
    tolerance,
  };
}

function layerNorm(kernels: EncoderKernels): KnownAnswer {
  const [frames, columns, epsilon] = [9, 48, 1e-5];
  const x = values(frames * columns, 4, 1, 2);
  const weight = values(columns, 5, 0.3, 1);
  const bias = values(columns, 6);
  const expected = new Float32Array(x.length);
  for (let t = 0; t < frames; t += 1)
    expected.set(normed(x.subarray(t * columns, (t + 1) * columns), epsilon), t * columns);
  return {
    name: 'layer norm',
    compute: () =>
      kernels.layerNorm(
        tf.tensor3d(x, [1, frames, columns]),
        { weight: tf.tensor1d(weight), bias: tf.tensor1d(bias) },
        epsilon,
      ),
    expected: expected.map((value, i) => value * (weight[i % columns] ?? 0) + (bias[i % columns] ?? 0)),
    tolerance,
  };
}

/** Zero mean, unit population variance. */
function normed(x: Float32Array, epsilon: number): Float32Array {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
}

function groupNorm(kernels: EncoderKernels): KnownAnswer {
  const [samples, kernel, stride, outputs] = [133, 10, 5, 16];
  const frames = Math.floor((samples - kernel) / stride) + 1;
  const x = values(samples, 7);
  const filter = values(kernel * outputs, 8, 0.4);
  const weight = values(outputs, 9, 0.3, 1);
  const bias = values(outputs, 10);
  const expected = new Float32Array(frames * outputs);
  for (let o = 0; o < outputs; o += 1) {
    const channel = Float32Array.from({ length: frames }, (_, t) => {
      let sum = 0;
      for (let k = 0; k < kernel; k += 1) sum += (x[t * stride + k] ?? 0) * (filter[k * outputs + o] ?? 0);
      return sum;
    });
    for (const [t, value] of normed(channel, 1e-5).entries())
      expected[t * outputs + o] = gelu(value * (weight[o] ?? 0) + (bias[o] ?? 0));
  }
  return {
    name: 'first convolution with its norm over time',
    compute: () =>
      kernels.convolve(
        tf.tensor3d(x, [1, samples, 1]),
        {
          filter: tf.tensor2d(kernels.layout(filter, 1, kernel, outputs), [kernel, outputs]),
          bias: null,
          norm: { kind: 'group', weight: tf.tensor1d(weight), bias: tf.tensor1d(bias) },
          kernel,
          stride,
          inputs: 1,
          outputs,
        },
        { values: [samples], padded: samples },
      ),
    expected,
    tolerance,
  };
}

function groupedConv(kernels: EncoderKernels): KnownAnswer {
  const [frames, groups, kernel, channels] = [21, 2, 6, 8];
  const [left, size] = [3, groups * channels];
  const x = values(frames * size, 11);
  const weight = values(groups * kernel * channels * channels, 12, 0.2);
  const bias = values(size, 13);
  const expected = new Float32Array(frames * size);
  for (let t = 0; t < frames; t += 1)
    for (let column = 0; column < size; column += 1) {
      const g = Math.floor(column / channels);
      let sum = bias[column] ?? 0;
      for (let k = 0; k < kernel; k += 1)
        for (let c = 0; c < channels; c += 1) {
          const frame = t + k - left;
          if (frame < 0 || frame >= frames) continue;
          const w = weight[((g * kernel + k) * channels + c) * channels + (column % channels)] ?? 0;
          sum += w * (x[frame * size + g * channels + c] ?? 0);
        }
      expected[t * size + column] = sum;
    }
  return {
    name: 'positional convolution',
    compute: () =>
      kernels.groupedConv(tf.tensor3d(x, [1, frames, size]), {
        weight: tf.tensor3d(kernels.layout(weight, groups, kernel * channels, channels), [
          groups,
          kernel * channels,
          channels,
        ]),
        bias: tf.tensor1d(bias),
        groups,
        kernel,
        channels,
        left,
      }),
    expected,
    tolerance,
  };
}

function attention(kernels: EncoderKernels): KnownAnswer {
  const [frames, heads, headSize] = [19, 2, 8];
  const size = heads * headSize;
  const width = 2 * frames - 1;
  const qkv = values(frames * 3 * size, 14);
  const x = values(frames * size, 15);
  const weight = values(headSize * 2, 16);
  const bias = values(2, 17);
  const constant = values(heads, 18, 0.3, 1);
  const table = values(heads * width, 19);
  const expected = new Float32Array(frames * size);
  for (let h = 0; h < heads; h += 1)
    for (let t = 0; t < frames; t += 1) {
      const at = (frame: number, part: number, d: number): number =>
        qkv[frame * 3 * size + part * size + h * headSize + d] ?? 0;
      const [a, b] = [0, 1].map((half) => {
        let sum = bias[half] ?? 0;
        for (let d = 0; d < headSize; d += 1)
          sum += (x[t * size + h * headSize + d] ?? 0) * (weight[d * 2 + half] ?? 0);
        return sigmoid(sum);
      });
      const gate = (a ?? 0) * ((b ?? 0) * (constant[h] ?? 0) - 1) + 2;
      const weights = Array.from({ length: frames }, (_, j) => {
        let score = gate * (table[h * width + j - t + frames - 1] ?? 0);
        for (let d = 0; d < headSize; d += 1) score += at(t, 0, d) * at(j, 1, d);
        return Math.exp(score);
      });
      const total = weights.reduce((sum, value) => sum + value, 0);
      for (let d = 0; d < headSize; d += 1)
        expected[t * size + h * headSize + d] = weights.reduce(
          (sum, value, j) => sum + (value / total) * at(j, 2, d),
          0,
        );
    }
  return {
    name: 'attention with gated position bias',
    compute: () =>
      kernels.attention(
        {
          qkv: tf.tensor3d(qkv, [1, frames, 3 * size]),
          position: {
            x: tf.tensor3d(x, [1, frames, size]),
            gate: {
              weight: tf.tensor2d(weight, [headSize, 2]),
              bias: tf.tensor1d(bias),
              constant: tf.tensor1d(constant),
            },
            table: tf.tensor2d(table, [heads, width]),
          },
        },
        heads,
        { values: [frames], padded: frames },
      ),
    expected,
    tolerance,
  };
}
