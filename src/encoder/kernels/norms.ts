import * as tf from '@tensorflow/tfjs-core';
import type { Norm } from './contract.ts';
import {
  f32,
  geluFunction,
  i32,
  runGpuProgram,
  workgroupNumber,
  workgroupReductions,
} from './gpu-program.ts';
import { isUnpadded, validMask, type ValidLengths } from './valid.ts';

/**
 * LayerNorm over the last axis with population variance in two passes; `weight` and `bias` `[C]`, null for a norm
 * without affine part.
 */
export function plainLayerNorm<T extends tf.Tensor>(
  x: T,
  weight: tf.Tensor | null,
  bias: tf.Tensor | null,
  epsilon: number,
): T {
  return tf.tidy(() => {
    const { mean, variance } = tf.moments(x, -1, true);
    const normal: T = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
    return affine(normal, weight, bias);
  });
}

/**
 * GroupNorm with one group per channel: each channel of `x` `[B, T, C]` over its item's real positions in time.
 * Padding comes out as garbage and is never read.
 */
export function plainGroupNorm(
  x: tf.Tensor3D,
  weight: tf.Tensor,
  bias: tf.Tensor,
  epsilon: number,
  valid: ValidLengths,
): tf.Tensor3D {
  return tf.tidy(() => {
    if (isUnpadded(valid)) {
      const { mean, variance } = tf.moments(x, 1, true);
      const normal: tf.Tensor3D = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
      return affine(normal, weight, bias);
    }
    const mask = tf.expandDims(validMask(valid), 2);
    const count = tf.tensor3d([...valid.values], [valid.values.length, 1, 1]);
    const mean = tf.div(tf.sum(tf.mul(x, mask), 1, true), count);
    const centred = tf.mul(tf.sub(x, mean), mask);
    const variance = tf.div(tf.sum(tf.square(centred), 1, true), count);
    const normal: tf.Tensor3D = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
    return affine(normal, weight, bias);
  });
}

function affine<T extends tf.Tensor>(normal: T, weight: tf.Tensor | null, bias: tf.Tensor | null): T {
  const scaled: T = tf.mul(normal, weight ?? 1);
  return bias ? tf.add(scaled, bias) : scaled;
}

const rowThreads = 64;

/** LayerNorm, and GELU after it if asked for, in one dispatch: a workgroup for each row. */
export function gpuLayerNorm(x: tf.Tensor3D, norm: Norm | null, epsilon: number, gelu: boolean): tf.Tensor3D {
  const [batch, frames, columns] = x.shape;
  const rows = batch * frames;
  const normal = '(x[start + i] - mean) * inverse';
  const value = norm ? `${normal} * weight[i] + bias[i]` : normal;
  const code = `
    ${workgroupNumber}
    ${workgroupReductions(rowThreads)}
    ${geluFunction}
    fn main(index: i32) {
      let row = workgroupNumber();
      let start = min(row, uniforms.rows - 1) * uniforms.columns;
      let thread = i32(localId.x);
      var sum = 0.0;
      for (var i = thread; i < uniforms.columns; i = i + ${rowThreads}) { sum = sum + x[start + i]; }
      let mean = workgroupSum(sum) / f32(uniforms.columns);
      sum = 0.0;
      for (var i = thread; i < uniforms.columns; i = i + ${rowThreads}) {
        let d = x[start + i] - mean;
        sum = sum + d * d;
      }
      let inverse = inverseSqrt(workgroupSum(sum) / f32(uniforms.columns) + uniforms.epsilon);
      if (row < uniforms.rows) {
        for (var i = thread; i < uniforms.columns; i = i + ${rowThreads}) {
          result[start + i] = ${gelu ? `geluOf(${value})` : value};
        }
      }
    }
  `;
  return runGpuProgram<tf.Rank.R3>({
    key: `layerNorm_${norm ? 'affine' : 'bare'}_${gelu ? 'gelu' : 'linear'}`,
    inputs: norm ? { x, weight: norm.weight, bias: norm.bias } : { x },
    outputShape: x.shape,
    workgroupSize: rowThreads,
    workgroups: rows,
    uniforms: { rows: i32(rows), columns: i32(columns), epsilon: f32(epsilon) },
    code,
  });
}

/** A workgroup of the statistics: this many channels side by side, and as many walkers in time. */
const statisticsTile = 16;

/**
 * GroupNorm with one group per channel over each item's real positions, and GELU, in two dispatches: the statistics,
 * then the values.
 */
export function gpuGroupNormGelu(
  x: tf.Tensor3D,
  norm: Norm,
  epsilon: number,
  lengths: tf.Tensor1D,
): tf.Tensor3D {
  const [batch, frames, channels] = x.shape;
  const blocks = Math.ceil(channels / statisticsTile);
  const threads = statisticsTile * statisticsTile;
  return tf.tidy(() => {
    const statistics = runGpuProgram<tf.Rank.R3>({
      key: 'groupNormStatistics',
      inputs: { x, lengths },
      outputShape: [batch, 2, channels],
      workgroupSize: threads,
      workgroups: batch * blocks,
      uniforms: {
        batch: i32(batch),
        blocks: i32(blocks),
        frames: i32(frames),
        channels: i32(channels),
        epsilon: f32(epsilon),
      },
      code: `
        ${workgroupNumber}
        var<workgroup> sums: array<f32, ${threads}>;
        // The sum over the walkers of this thread's channel.
        fn channelSum(value: f32) -> f32 {
          let thread = i32(localId.x);
          sums[thread] = value;
          workgroupBarrier();
          for (var width = ${statisticsTile / 2}; width > 0; width = width / 2) {
            if (thread / ${statisticsTile} < width) {
              sums[thread] = sums[thread] + sums[thread + width * ${statisticsTile}];
            }
            workgroupBarrier();
          }
          let total = sums[thread % ${statisticsTile}];
          workgroupBarrier();
          return total;
        }
        fn main(index: i32) {
          let number = workgroupNumber();
          let item = min(number / uniforms.blocks, uniforms.batch - 1);
          let channel = (number % uniforms.blocks) * ${statisticsTile} + i32(localId.x) % ${statisticsTile};
          let column = min(channel, uniforms.channels - 1);
          let walker = i32(localId.x) / ${statisticsTile};
          let count = lengths[item];
          let start = item * uniforms.frames * uniforms.channels + column;
          var sum = 0.0;
          for (var t = walker; t < count; t = t + ${statisticsTile}) { sum = sum + x[start + t * uniforms.channels]; }
          let mean = channelSum(sum) / f32(count);
          sum = 0.0;
          for (var t = walker; t < count; t = t + ${statisticsTile}) {
            let d = x[start + t * uniforms.channels] - mean;
            sum = sum + d * d;
          }
          let inverse = inverseSqrt(channelSum(sum) / f32(count) + uniforms.epsilon);
          if (walker == 0 && channel < uniforms.channels && number < uniforms.batch * uniforms.blocks) {
            result[item * 2 * uniforms.channels + channel] = mean;
            result[(item * 2 + 1) * uniforms.channels + channel] = inverse;
          }
        }
      `,
    });
    return gpuNormaliseGelu(x, norm, statistics);
  });
}

/** The second of the two: `statistics` `[B, 2, C]`, mean and 1 / deviation. */
export function gpuNormaliseGelu(x: tf.Tensor3D, norm: Norm, statistics: tf.Tensor3D): tf.Tensor3D {
  const [batch, frames, channels] = x.shape;
  const size = batch * frames * channels;
  return runGpuProgram<tf.Rank.R3>({
    key: 'groupNormGelu',
    inputs: { x, statistics, weight: norm.weight, bias: norm.bias },
    outputShape: x.shape,
    workgroupSize: 64,
    workgroups: Math.ceil(size / 64),
    uniforms: { size: i32(size), channels: i32(channels), perItem: i32(frames * channels) },
    code: `
      ${geluFunction}
      fn main(index: i32) {
        if (index < uniforms.size) {
          let channel = index % uniforms.channels;
          let start = index / uniforms.perItem * 2 * uniforms.channels + channel;
          let normal = (x[index] - statistics[start]) * statistics[start + uniforms.channels];
          result[index] = geluOf(normal * weight[channel] + bias[channel]);
        }
      }
    `,
  });
}
