import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from './config.ts';
import { afterConv, type ConvLayer, type EncoderKernels } from './kernels/contract.ts';
import type { ValidLengths } from './kernels/valid.ts';
import type { WeightLoader } from './weights.ts';

/** The convolutional feature extractor: samples `[B, n]` → features `[B, T, C]`. */
export interface FeatureExtractor {
  readonly layers: readonly ConvLayer[];
}

/** Reads the conv stack's weights. */
export async function loadFeatureExtractor(
  loader: WeightLoader,
  config: EncoderConfig,
): Promise<FeatureExtractor> {
  const layers: ConvLayer[] = [];
  let inputs = 1;
  for (const [i, { channels, kernel, stride }] of config.convLayers.entries()) {
    const prefix = `feature_extractor.conv_layers.${i}.`;
    const weight = await loader.read(`${prefix}conv.weight`, [channels, inputs, kernel]);
    const filter = loader.uploadMatrices(
      tapsFirst(weight, channels, inputs, kernel),
      1,
      kernel * inputs,
      channels,
    );
    const bias = config.convBias ? await loader.load<tf.Rank.R1>(`${prefix}conv.bias`, [channels]) : null;
    const hasNorm = config.featExtractNorm === 'layer' || i === 0;
    const norm = hasNorm
      ? {
          kind: config.featExtractNorm,
          weight: await loader.load<tf.Rank.R1>(`${prefix}layer_norm.weight`, [channels]),
          bias: await loader.load<tf.Rank.R1>(`${prefix}layer_norm.bias`, [channels]),
        }
      : null;
    layers.push({ filter, bias, norm, stride, kernel, inputs, outputs: channels });
    inputs = channels;
  }
  return { layers };
}

/** `[out, in, kernel]` → `[kernel, in, out]` */
function tapsFirst(weight: Float32Array, outputs: number, inputs: number, kernel: number): Float32Array {
  const result = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o += 1)
    for (let c = 0; c < inputs; c += 1)
      for (let k = 0; k < kernel; k += 1)
        result[(k * inputs + c) * outputs + o] = weight[(o * inputs + c) * kernel + k] ?? 0;
  return result;
}

/**
 * Convolutions without padding: a real position reads real positions only, so just the norm over time has to know
 * where a clip ends.
 * @param waveforms `[B, n]`
 * @returns features `[B, T, C]`
 */
export function extractFeatures(
  extractor: FeatureExtractor,
  kernels: EncoderKernels,
  waveforms: tf.Tensor2D,
  samples: ValidLengths,
): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, length] = waveforms.shape;
    return applyConvLayers(extractor.layers, kernels, tf.reshape(waveforms, [batch, length, 1]), samples);
  });
}

/** `[B, n, C]` → `[B, T, C']` through one layer after the other; `x` is disposed of. To be called inside a tidy. */
export function applyConvLayers(
  layers: readonly ConvLayer[],
  kernels: EncoderKernels,
  x: tf.Tensor3D,
  valid: ValidLengths,
): tf.Tensor3D {
  let y = x;
  let lengths = valid;
  for (const layer of layers) {
    const next = kernels.convolve(y, layer, lengths);
    // The first layers' outputs are the largest tensors of all: freed before the next is made.
    y.dispose();
    y = next;
    lengths = afterConv(lengths, layer);
  }
  return y;
}
