import * as tf from '@tensorflow/tfjs-core';

/** Zeros added before and after in time. */
export interface Padding {
  readonly left: number;
  readonly right: number;
}

/**
 * Grouped 1-D convolution (cross-correlation, stride 1) without bias.
 * @param x `[B, T, D]`
 * @param weight `[groups, kernel, D/groups, D/groups]`: taps, input channels, output channels of each group
 * @returns `[B, T, D]` where left + right = kernel − 1
 */
export function plainGroupedConv(x: tf.Tensor3D, weight: tf.Tensor4D, padding: Padding): tf.Tensor3D {
  return tf.tidy(() => {
    const [groups, kernel, inputs, outputs] = weight.shape;
    const [batch, frames, channels] = x.shape;
    const image = tf.reshape<tf.Rank.R4>(x, [batch, 1, frames, channels]);
    const parts: tf.Tensor4D[] = [];
    for (let g = 0; g < groups; g += 1) {
      const slice = tf.slice4d(image, [0, 0, 0, g * inputs], [batch, 1, frames, inputs]);
      const filter = tf.slice4d(weight, [g, 0, 0, 0], [1, kernel, inputs, outputs]);
      parts.push(
        tf.conv2d(slice, filter, 1, [
          [0, 0],
          [0, 0],
          [padding.left, padding.right],
          [0, 0],
        ]),
      );
    }
    return tf.reshape(tf.concat(parts, 3), [batch, frames, groups * outputs]);
  });
}
