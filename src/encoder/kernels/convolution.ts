import * as tf from '@tensorflow/tfjs-core';
import type { ConvLayer } from './contract.ts';

/** A layer of the feature extractor without bias, norm and GELU: `[B, n, C]` → `[B, T, C']`. */
export function plainConvolution(x: tf.Tensor3D, layer: ConvLayer): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, length, channels] = x.shape;
    const image = tf.reshape<tf.Rank.R4>(x, [batch, 1, length, channels]);
    const filter = tf.reshape<tf.Rank.R4>(layer.filter, [1, layer.kernel, layer.inputs, layer.outputs]);
    const convolved = tf.conv2d(image, filter, [1, layer.stride], 'valid');
    return tf.reshape<tf.Rank.R3>(convolved, [batch, convolved.shape[2], layer.outputs]);
  });
}

export function biasedConvolution(x: tf.Tensor3D, layer: ConvLayer): tf.Tensor3D {
  return tf.tidy(() => {
    const y = plainConvolution(x, layer);
    return layer.bias ? tf.add(y, layer.bias) : y;
  });
}
