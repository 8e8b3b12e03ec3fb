import * as tf from '@tensorflow/tfjs-core';
import type { Device } from './backend.ts';
import { SelfTestError } from './errors.ts';

/** A small computation whose result is known from plain JavaScript. */
export interface KnownAnswer {
  /** What is tried, in words: "matrix product". */
  readonly name: string;
  /** Runs on the device; called inside a tidy. */
  readonly compute: () => tf.Tensor;
  /** Computed without tfjs. */
  readonly expected: Float32Array;
  /** Greatest difference allowed, relative to the largest expected value. */
  readonly tolerance: number;
}

/**
 * Runs known answers before any work is kept: most failures of a GPU are silent zeros.
 * @param answers those of the kernels in use, besides the products and convolutions that are always tried
 * @throws SelfTestError naming the first computation that came out wrong
 */
export async function runSelfTest(device: Device, answers: readonly KnownAnswer[] = []): Promise<void> {
  try {
    for (const answer of [...basicAnswers(), ...answers]) {
      const result = tf.tidy(answer.compute);
      const values = await result.data<'float32'>();
      result.dispose();
      const error = relativeError(values, answer.expected);
      if (!(error <= answer.tolerance))
        throw new SelfTestError(
          `This device computes wrong numbers: the ${answer.name} is off by ${(error * 100).toPrecision(2)} % (${device.status.explanation}) Choose the other device.`,
        );
    }
    await device.checkFaults();
  } catch (error) {
    device.noteSelfTest('failed');
    throw device.nameError(error);
  }
  device.noteSelfTest('passed');
}

/** max |difference| / max |expected|; infinite for NaN or a wrong length. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const gap = Math.abs((actual[i] ?? 0) - (expected[i] ?? 0));
    if (Number.isNaN(gap)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, gap);
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return largest === 0 ? difference : difference / largest;
}

/** Values between −1 and 1 without a pattern that a wrong index could hide in. */
export function testValues(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + phase * 78.233));
}

/** Row-major `[m, k] × [k, n]` in float64. */
export function referenceMatMul(
  a: Float32Array,
  b: Float32Array,
  m: number,
  k: number,
  n: number,
): Float32Array {
  const result = new Float32Array(m * n);
  for (let row = 0; row < m; row += 1)
    for (let column = 0; column < n; column += 1) {
      let sum = 0;
      for (let i = 0; i < k; i += 1) sum += (a[row * k + i] ?? 0) * (b[i * n + column] ?? 0);
      result[row * n + column] = sum;
    }
  return result;
}

function basicAnswers(): KnownAnswer[] {
  const [m, k, n] = [37, 65, 43];
  const a = testValues(m * k, 1);
  const b = testValues(k * n, 2);
  // A convolution with kernel 3, stride 2 as a product of windows with the filter.
  const [length, inputs, outputs] = [29, 6, 5];
  const frames = Math.floor((length - 3) / 2) + 1;
  const signal = testValues(length * inputs, 3);
  const filter = testValues(3 * inputs * outputs, 4);
  const windows = new Float32Array(frames * 3 * inputs);
  for (let t = 0; t < frames; t += 1)
    windows.set(signal.subarray(2 * t * inputs, (2 * t + 3) * inputs), t * 3 * inputs);
  return [
    {
      name: 'matrix product',
      compute: () => tf.matMul(tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])),
      expected: referenceMatMul(a, b, m, k, n),
      tolerance: 1e-5,
    },
    {
      name: 'convolution',
      compute: () =>
        tf.conv2d(
          tf.tensor4d(signal, [1, 1, length, inputs]),
          tf.tensor4d(filter, [1, 3, inputs, outputs]),
          [1, 2],
          'valid',
        ),
      expected: referenceMatMul(windows, filter, frames, 3 * inputs, outputs),
      tolerance: 1e-5,
    },
  ];
}
