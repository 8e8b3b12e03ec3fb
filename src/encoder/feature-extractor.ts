import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from './config.ts';
import { plainBiasGelu } from './kernels/gelu.ts';
import { plainGroupNorm, plainLayerNorm } from './kernels/norms.ts';
import type { ValidLengths } from './kernels/valid.ts';
import type { WeightLoader } from './weights.ts';

/** torch's default, whatever the config's `layer_norm_eps` says. */
const convNormEpsilon = 1e-5;

interface ConvLayer {
  /** `[1, kernel, in, out]` */
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor | null;
  readonly norm: {
    readonly kind: 'group' | 'layer';
    readonly weight: tf.Tensor;
    readonly bias: tf.Tensor;
  } | null;
  readonly stride: number;
  readonly kernel: number;
}

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
    const filter = loader.upload<tf.Rank.R4>(tapsFirst(weight, channels, inputs, kernel), [
      1,
      kernel,
      inputs,
      channels,
    ]);
    const bias = config.convBias ? await loader.load(`${prefix}conv.bias`, [channels]) : null;
    const hasNorm = config.featExtractNorm === 'layer' || i === 0;
    const norm = hasNorm
      ? {
          kind: config.featExtractNorm,
          weight: await loader.load(`${prefix}layer_norm.weight`, [channels]),
          bias: await loader.load(`${prefix}layer_norm.bias`, [channels]),
        }
      : null;
    layers.push({ filter, bias, norm, stride, kernel });
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
  waveforms: tf.Tensor2D,
  samples: ValidLengths,
): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, length] = waveforms.shape;
    let x: tf.Tensor3D = tf.reshape(waveforms, [batch, length, 1]);
    let valid = samples;
    for (const layer of extractor.layers) {
      const next = tf.tidy(() => applyLayer(layer, x, valid));
      x.dispose();
      x = next;
      valid = afterConv(valid, layer);
    }
    return x;
  });
}

function applyLayer(layer: ConvLayer, x: tf.Tensor3D, valid: ValidLengths): tf.Tensor3D {
  const [batch, length, channels] = x.shape;
  const image = tf.reshape<tf.Rank.R4>(x, [batch, 1, length, channels]);
  const convolved = tf.conv2d(image, layer.filter, [1, layer.stride], 'valid');
  const [, , frames, outputs] = convolved.shape;
  let y: tf.Tensor3D = tf.reshape(convolved, [batch, frames, outputs]);
  if (!layer.norm) return plainBiasGelu(y, layer.bias);
  if (layer.bias) y = tf.add(y, layer.bias);
  const { kind, weight, bias } = layer.norm;
  const normal =
    kind === 'layer'
      ? plainLayerNorm(y, weight, bias, convNormEpsilon)
      : plainGroupNorm(y, weight, bias, convNormEpsilon, afterConv(valid, layer));
  return plainBiasGelu(normal, null);
}

function afterConv(
  valid: ValidLengths,
  layer: { readonly kernel: number; readonly stride: number },
): ValidLengths {
  const frames = (length: number): number =>
    length < layer.kernel ? 0 : Math.floor((length - layer.kernel) / layer.stride) + 1;
  return { values: valid.values.map(frames), padded: frames(valid.padded) };
}
