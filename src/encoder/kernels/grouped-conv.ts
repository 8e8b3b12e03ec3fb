import * as tf from '@tensorflow/tfjs-core';
import type { GroupedConv } from './contract.ts';

/** Grouped 1-D convolution (cross-correlation, stride 1) without bias, group by group: `[B, T, D]` → `[B, T, D]`. */
export function plainGroupedConv(x: tf.Tensor3D, conv: GroupedConv): tf.Tensor3D {
  const { groups, kernel, channels, left } = conv;
  return tf.tidy(() => {
    const [batch, frames, size] = x.shape;
    const image = tf.reshape<tf.Rank.R4>(x, [batch, 1, frames, size]);
    const filters = tf.reshape<tf.Rank.R4>(conv.weight, [groups, kernel, channels, channels]);
    const parts: tf.Tensor4D[] = [];
    for (let g = 0; g < groups; g += 1) {
      const slice = tf.slice4d(image, [0, 0, 0, g * channels], [batch, 1, frames, channels]);
      const filter = tf.slice4d(filters, [g, 0, 0, 0], [1, kernel, channels, channels]);
      parts.push(
        tf.conv2d(slice, filter, 1, [
          [0, 0],
          [0, 0],
          [left, kernel - 1 - left],
          [0, 0],
        ]),
      );
    }
    return tf.reshape(tf.concat(parts, 3), [batch, frames, size]);
  });
}
