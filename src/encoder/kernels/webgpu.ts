import * as tf from '@tensorflow/tfjs-core';
import { gpuAttention } from './attention.ts';
import { afterConv, convNormEpsilon, type EncoderKernels } from './contract.ts';
import { gpuBiasGelu } from './gelu.ts';
import { gpuGroupedConv } from './grouped-conv.ts';
import { transpose } from './layout.ts';
import { gpuMoments } from './moments.ts';
import { gpuGroupNormGelu, gpuLayerNorm } from './norms.ts';
import { lengthsTensor } from './valid.ts';

/** Products and ungrouped convolutions by tfjs, everything between them in WGSL: some ten dispatches a layer. */
export const webgpuKernels: EncoderKernels = {
  name: 'webgpu',
  batches: true,
  layout: (values) => values,
  layoutLinear: (values, inputs, outputs) => transpose(values, outputs, inputs),

  convolve(x, layer, valid) {
    return tf.tidy(() => {
      const [batch, length, channels] = x.shape;
      const image = tf.reshape<tf.Rank.R4>(x, [batch, 1, length, channels]);
      const filter = tf.reshape<tf.Rank.R4>(layer.filter, [1, layer.kernel, layer.inputs, layer.outputs]);
      const convolved = tf.conv2d(image, filter, [1, layer.stride], 'valid');
      const y = tf.reshape<tf.Rank.R3>(convolved, [batch, convolved.shape[2], layer.outputs]);
      if (!layer.norm) return gpuBiasGelu(y, layer.bias);
      const biased: tf.Tensor3D = layer.bias ? tf.add(y, layer.bias) : y;
      return layer.norm.kind === 'layer'
        ? gpuLayerNorm(biased, layer.norm, convNormEpsilon, true)
        : gpuGroupNormGelu(biased, layer.norm, convNormEpsilon, lengthsTensor(afterConv(valid, layer)));
    });
  },

  dense(x, linear, options = {}) {
    return tf.tidy(() => {
      const [batch, frames] = x.shape;
      const a = tf.reshape<tf.Rank.R2>(x, [batch * frames, linear.inputs]);
      const b = tf.reshape<tf.Rank.R2>(linear.weight, [linear.inputs, linear.outputs]);
      const shape: [number, number, number] = [batch, frames, linear.outputs];
      if (options.gelu) return gpuBiasGelu(tf.reshape(tf.matMul(a, b), shape), linear.bias);
      const product = tf.reshape<tf.Rank.R3>(tf.fused.matMul({ a, b, bias: linear.bias }), shape);
      return options.residual ? tf.add(product, options.residual) : product;
    });
  },

  layerNorm: (x, norm, epsilon, options = {}) => gpuLayerNorm(x, norm, epsilon, options.gelu === true),

  groupedConv: (x, conv, options = {}) => gpuGroupedConv(x, conv, options.gelu === true),

  attention: (inputs, heads, valid) => tf.tidy(() => gpuAttention(inputs, heads, lengthsTensor(valid))),

  moments: (x, valid) => tf.tidy(() => gpuMoments(x, lengthsTensor(valid))),
};
