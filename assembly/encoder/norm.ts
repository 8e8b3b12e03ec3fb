// LayerNorm over rows, with an optional GELU after it.

import { gelu4, multiplyAdd, sum4 } from './math';

/**
 * Rows [start, end): `(x − mean)/√(variance + ε)·weight + bias`, variance in a second pass. `weight` and `bias` may be
 * 0. `columns` is a multiple of 4; `out` may be `x`.
 */
export function layerNorm(
  x: usize,
  weight: usize,
  bias: usize,
  out: usize,
  columns: i32,
  epsilon: f32,
  gelu: i32,
  start: i32,
  end: i32,
): void {
  const size = <usize>columns << 2;
  const scale = <f32>1 / <f32>columns;
  for (let row = start; row < end; row++) {
    const from = x + <usize>row * size;
    const to = out + <usize>row * size;
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < size; i += 16) sum = f32x4.add(sum, v128.load(from + i));
    const mean = f32x4.splat(sum4(sum) * scale);
    sum = f32x4.splat(0);
    for (let i: usize = 0; i < size; i += 16) {
      const d = f32x4.sub(v128.load(from + i), mean);
      sum = multiplyAdd(d, d, sum);
    }
    const inverse = f32x4.splat(<f32>1 / sqrt<f32>(sum4(sum) * scale + epsilon));
    for (let i: usize = 0; i < size; i += 16) {
      let y = f32x4.mul(f32x4.sub(v128.load(from + i), mean), inverse);
      if (weight) y = f32x4.mul(y, v128.load(weight + i));
      if (bias) y = f32x4.add(y, v128.load(bias + i));
      if (gelu) y = gelu4(y);
      v128.store(to + i, y);
    }
  }
}
