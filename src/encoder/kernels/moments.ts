import * as tf from '@tensorflow/tfjs-core';
import { i32, runGpuProgram } from './gpu-program.ts';
import { validMask, type ValidLengths } from './valid.ts';

/** Frames that are summed before they join the total, which keeps float32 sums of 1500 frames exact to 1e-7. */
const block = 32;

/**
 * Mean and sum of squared deviations over each item's real frames, in two passes: `[B, T, D]` → `[B, 2, D]`.
 */
export function plainMoments(x: tf.Tensor3D, valid: ValidLengths): tf.Tensor3D {
  return tf.tidy(() => {
    const mask = tf.expandDims(validMask(valid), 2);
    const count = tf.tensor3d([...valid.values], [valid.values.length, 1, 1]);
    const mean: tf.Tensor3D = tf.div(tf.sum(tf.mul(x, mask), 1, true), count);
    const centred = tf.mul(tf.sub(x, mean), mask);
    const deviations: tf.Tensor3D = tf.sum(tf.square(centred), 1, true);
    return tf.concat([mean, deviations], 1);
  });
}

/** The same in one dispatch, a thread for each item and column. */
export function gpuMoments(x: tf.Tensor3D, lengths: tf.Tensor1D): tf.Tensor3D {
  const [batch, frames, columns] = x.shape;
  const code = `
    fn main(index: i32) {
      if (index >= uniforms.size) { return; }
      let item = index / uniforms.columns;
      let column = index % uniforms.columns;
      let count = lengths[item];
      let start = item * uniforms.frames * uniforms.columns + column;
      var total = 0.0;
      for (var t0 = 0; t0 < count; t0 = t0 + ${block}) {
        var sum = 0.0;
        for (var t = t0; t < min(count, t0 + ${block}); t = t + 1) { sum = sum + x[start + t * uniforms.columns]; }
        total = total + sum;
      }
      let mean = total / f32(count);
      total = 0.0;
      for (var t0 = 0; t0 < count; t0 = t0 + ${block}) {
        var sum = 0.0;
        for (var t = t0; t < min(count, t0 + ${block}); t = t + 1) {
          let d = x[start + t * uniforms.columns] - mean;
          sum = sum + d * d;
        }
        total = total + sum;
      }
      result[item * 2 * uniforms.columns + column] = mean;
      result[(item * 2 + 1) * uniforms.columns + column] = total;
    }
  `;
  return runGpuProgram<tf.Rank.R3>({
    key: 'moments',
    inputs: { x, lengths },
    outputShape: [batch, 2, columns],
    workgroupSize: 64,
    workgroups: Math.ceil((batch * columns) / 64),
    uniforms: { size: i32(batch * columns), frames: i32(frames), columns: i32(columns) },
    code,
  });
}
