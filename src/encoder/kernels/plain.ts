import * as tf from '@tensorflow/tfjs-core';
import { plainAttention } from './attention.ts';
import { afterConv, convNormEpsilon, type EncoderKernels } from './contract.ts';
import { biasedConvolution, plainConvolution } from './convolution.ts';
import { plainBiasGelu } from './gelu.ts';
import { plainGroupedConv } from './grouped-conv.ts';
import { transpose } from './layout.ts';
import { plainMoments } from './moments.ts';
import { plainGroupNorm, plainLayerNorm } from './norms.ts';

/** Every kernel from tfjs's own operations: right on every backend, and what the others are held against. */
export const plainKernels: EncoderKernels = {
  name: 'plain',
  batches: true,
  layout: (values) => values,
  layoutLinear: (values, inputs, outputs) => transpose(values, outputs, inputs),

  convolve(x, layer, valid) {
    return tf.tidy(() => {
      if (!layer.norm) return plainBiasGelu(plainConvolution(x, layer), layer.bias);
      const biased = biasedConvolution(x, layer);
      const { kind, weight, bias } = layer.norm;
      const normal =
        kind === 'layer'
          ? plainLayerNorm(biased, weight, bias, convNormEpsilon)
          : plainGroupNorm(biased, weight, bias, convNormEpsilon, afterConv(valid, layer));
      return plainBiasGelu(normal, null);
    });
  },

  dense(x, linear, options = {}) {
    return tf.tidy(() => {
      const [batch, frames] = x.shape;
      const weight = tf.reshape<tf.Rank.R2>(linear.weight, [linear.inputs, linear.outputs]);
      // Through two dimensions: with a batch, tfjs's wasm kernel adds the bias wrongly.
      const flat = tf.reshape<tf.Rank.R2>(x, [batch * frames, linear.inputs]);
      const product = tf.reshape<tf.Rank.R3>(tf.matMul(flat, weight), [batch, frames, linear.outputs]);
      if (options.gelu) return plainBiasGelu(product, linear.bias);
      const biased: tf.Tensor3D = tf.add(product, linear.bias);
      return options.residual ? tf.add(biased, options.residual) : biased;
    });
  },

  layerNorm(x, norm, epsilon, options = {}) {
    return tf.tidy(() => {
      const y = plainLayerNorm(x, norm?.weight ?? null, norm?.bias ?? null, epsilon);
      return options.gelu ? plainBiasGelu(y, null) : y;
    });
  },

  groupedConv(x, conv, options = {}) {
    return tf.tidy(() => {
      const y = plainGroupedConv(x, conv);
      return options.gelu ? plainBiasGelu(y, conv.bias) : tf.add(y, conv.bias);
    });
  },

  attention: plainAttention,
  moments: plainMoments,

  stretches: {
    convolve: biasedConvolution,
    moments: plainMoments,
    normalise: (x, { weight, bias }, statistics) =>
      tf.tidy(() => {
        const [batch, , channels] = x.shape;
        const part = (row: number): tf.Tensor3D => tf.slice3d(statistics, [0, row, 0], [batch, 1, channels]);
        const normal: tf.Tensor3D = tf.mul(tf.sub(x, part(0)), part(1));
        return plainBiasGelu(tf.add(tf.mul(normal, weight), bias), null);
      }),
  },
};
