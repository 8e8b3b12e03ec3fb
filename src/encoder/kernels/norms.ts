import * as tf from '@tensorflow/tfjs-core';
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
