import * as tf from '@tensorflow/tfjs-core';
import { gpuAttention } from './attention.ts';
import { afterConv, convNormEpsilon, type EncoderKernels } from './contract.ts';
import { biasedConvolution, plainConvolution } from './convolution.ts';
import { gpuBiasGelu } from './gelu.ts';
import { gpuGroupedConv } from './grouped-conv.ts';
import { transpose } from './layout.ts';
import { gpuMoments } from './moments.ts';
import { gpuGroupNormGelu, gpuLayerNorm, gpuNormaliseGelu } from './norms.ts';
import { lengthsTensor } from './valid.ts';

/** Products and ungrouped convolutions by tfjs, everything between them in WGSL: some ten dispatches a layer. */
export const webgpuKernels: EncoderKernels = {
  name: 'webgpu',
  batches: true,
  layout: (values) => values,
  layoutLinear: (values, inputs, outputs) => transpose(values, outputs, inputs),

  convolve(x, layer, valid) {
    return tf.tidy(() => {
      if (!layer.norm) return gpuBiasGelu(plainConvolution(x, layer), layer.bias);
      const biased = biasedConvolution(x, layer);
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

  attention: (inputs, heads, valid, maxTensorBytes) =>
    tf.tidy(() => gpuAttention(inputs, heads, lengthsTensor(valid), maxTensorBytes)),

  moments: (x, valid) => tf.tidy(() => gpuMoments(x, lengthsTensor(valid))),

  stretches: {
    convolve: (x, layer) => tf.tidy(() => biasedConvolution(x, layer)),
    moments: (x, valid) => tf.tidy(() => gpuMoments(x, lengthsTensor(valid))),
    normalise: gpuNormaliseGelu,
  },
};
