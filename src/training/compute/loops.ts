import type { SgdScalars } from './compute.ts';

/**
 * The operations of compute on the CPU that are not worth a kernel of their own: plain loops over row-major float32.
 * `out` has its size and is written to throughout; `width` is the length of a row.
 */

/** Adds a row to every row, in place. */
export function addRow(values: Float32Array, added: Float32Array): void {
  for (let start = 0; start < values.length; start += added.length)
    for (let i = 0; i < added.length; i += 1) values[start + i]! += added[i]!;
}

export function sumRows(values: Float32Array, out: Float32Array): void {
  out.fill(0);
  for (let start = 0; start < values.length; start += out.length)
    for (let i = 0; i < out.length; i += 1) out[i]! += values[start + i]!;
}

export function multiply(x: Float32Array, y: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 1) out[i] = x[i]! * y[i]!;
}

export function scale(x: Float32Array, factor: number, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 1) out[i] = x[i]! * factor;
}

export function relu(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 1) {
    const value = x[i]!;
    out[i] = value < 0 ? 0 : value;
  }
}

/** `output` is what `relu` gave. */
export function reluGradient(gradient: Float32Array, output: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 1) out[i] = output[i]! > 0 ? gradient[i]! : 0;
}

export function tanh(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 1) out[i] = Math.tanh(x[i]!);
}

export function softmaxRows(values: Float32Array, width: number, out: Float32Array): void {
  for (let start = 0; start < out.length; start += width) {
    let largest = -Infinity;
    for (let i = 0; i < width; i += 1) largest = Math.max(largest, values[start + i]!);
    let sum = 0;
    for (let i = 0; i < width; i += 1) {
      const e = Math.exp(values[start + i]! - largest);
      out[start + i] = e;
      sum += e;
    }
    for (let i = 0; i < width; i += 1) out[start + i]! /= sum;
  }
}

/** `output` is what `softmaxRows` gave. */
export function softmaxRowsGradient(
  gradient: Float32Array,
  output: Float32Array,
  width: number,
  out: Float32Array,
): void {
  for (let start = 0; start < out.length; start += width) {
    let dot = 0;
    for (let i = start; i < start + width; i += 1) dot += gradient[i]! * output[i]!;
    for (let i = start; i < start + width; i += 1) out[i] = output[i]! * (gradient[i]! - dot);
  }
}

/** `[B, N, D]` by weights `[B, N]` to `[B, D]`. */
export function weightedSum(
  values: Float32Array,
  weights: Float32Array,
  [batch, items, width]: readonly [number, number, number],
  out: Float32Array,
): void {
  out.fill(0);
  for (let b = 0; b < batch; b += 1)
    for (let n = 0; n < items; n += 1) {
      const weight = weights[b * items + n]!;
      const from = (b * items + n) * width;
      for (let d = 0; d < width; d += 1) out[b * width + d]! += weight * values[from + d]!;
    }
}

/** Of the weights: `[B, N]`. */
export function weightedSumGradient(
  gradient: Float32Array,
  values: Float32Array,
  [batch, items, width]: readonly [number, number, number],
  out: Float32Array,
): void {
  for (let b = 0; b < batch; b += 1)
    for (let n = 0; n < items; n += 1) {
      const from = (b * items + n) * width;
      let dot = 0;
      for (let d = 0; d < width; d += 1) dot += gradient[b * width + d]! * values[from + d]!;
      out[b * items + n] = dot;
    }
}

/** Each row brought to length 1. */
export function normaliseRows(values: Float32Array, width: number, out: Float32Array): void {
  for (let start = 0; start < out.length; start += width) {
    const length = rowLength(values, start, width);
    for (let i = start; i < start + width; i += 1) out[i] = values[i]! / length;
  }
}

/** `output` is what `normaliseRows` gave for `values`. */
export function normaliseRowsGradient(
  gradient: Float32Array,
  values: Float32Array,
  output: Float32Array,
  width: number,
  out: Float32Array,
): void {
  for (let start = 0; start < out.length; start += width) {
    const length = rowLength(values, start, width);
    let dot = 0;
    for (let i = start; i < start + width; i += 1) dot += gradient[i]! * output[i]!;
    for (let i = start; i < start + width; i += 1) out[i] = (gradient[i]! - output[i]! * dot) / length;
  }
}

/** One step of SGD as PyTorch takes it; `momentum` is null without. */
export function sgd(
  parameter: Float32Array,
  gradient: Float32Array,
  momentum: Float32Array | null,
  scalars: SgdScalars,
): void {
  for (let i = 0; i < parameter.length; i += 1) {
    let update = gradient[i]! + scalars.weightDecay * parameter[i]!;
    if (momentum) {
      momentum[i] = scalars.momentum * momentum[i]! + update;
      update = scalars.nesterov ? update + scalars.momentum * momentum[i]! : momentum[i]!;
    }
    parameter[i]! -= scalars.learningRate * update;
  }
}

function rowLength(values: Float32Array, start: number, width: number): number {
  let sum = 0;
  for (let i = start; i < start + width; i += 1) sum += values[i]! * values[i]!;
  return Math.max(Math.sqrt(sum), 1e-12);
}
