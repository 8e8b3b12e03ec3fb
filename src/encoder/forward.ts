import * as tf from '@tensorflow/tfjs-core';
import { frameCount, type EncoderConfig } from './config.ts';
import { extractFeatures, loadFeatureExtractor, type FeatureExtractor } from './feature-extractor.ts';
import { extractFeaturesInStretches } from './feature-stretches.ts';
import type { EncoderKernels, Linear, Norm } from './kernels/contract.ts';
import { isUnpadded, validMask, type ValidLengths } from './kernels/valid.ts';
import { applyPositionalConv, loadPositionalConv, type PositionalConv } from './positional-conv.ts';
import { relativePositionTable } from './relative-position.ts';
import {
  applyTransformerLayer,
  loadLinear,
  loadNorm,
  loadTransformerLayer,
  type TransformerLayer,
} from './transformer.ts';
import type { WeightLoader } from './weights.ts';

/** Everything an encoder knows, on the device. */
export interface EncoderWeights {
  readonly config: EncoderConfig;
  readonly extractor: FeatureExtractor;
  readonly projectionNorm: Norm | null;
  readonly projection: Linear;
  readonly positional: PositionalConv;
  readonly norm: Norm;
  /** `rel_attn_embed` `[buckets, H]`, kept in JavaScript: a table is made per length. */
  readonly positionEmbedding: Float32Array | null;
  readonly layers: readonly TransformerLayer[];
}

/** Reads an encoder's weights, one tensor at a time. */
export async function loadEncoderWeights(
  loader: WeightLoader,
  config: EncoderConfig,
): Promise<EncoderWeights> {
  const features = config.convLayers.at(-1)?.channels ?? 0;
  const extractor = await loadFeatureExtractor(loader, config);
  const projectionNorm = config.featProjLayerNorm
    ? await loadNorm(loader, 'feature_projection.layer_norm', features)
    : null;
  const projection = await loadLinear(loader, 'feature_projection.projection', features, config.hiddenSize);
  const positional = await loadPositionalConv(loader, config);
  const norm = await loadNorm(loader, 'encoder.layer_norm', config.hiddenSize);
  const positionEmbedding = config.relativePosition
    ? await loader.read('encoder.layers.0.attention.rel_attn_embed.weight', [
        config.relativePosition.buckets,
        config.heads,
      ])
    : null;
  const layers: TransformerLayer[] = [];
  for (let i = 0; i < config.layers; i += 1) layers.push(await loadTransformerLayer(loader, config, i));
  return { config, extractor, projectionNorm, projection, positional, norm, positionEmbedding, layers };
}

/**
 * The forward pass. To be called inside a tidy.
 * @param waveforms `[B, n]`, prepared, zero on padding
 * @param layers which hidden states are wanted; none above the highest is computed
 * @param maxTensorBytes what one tensor may take: a clip for which that is too little goes through the convolutions and
 *   attention a part at a time, alone in its batch
 * @returns the hidden states in the order of `layers`, each `[B, T, D]`; what they hold on padded frames means nothing
 */
export function forward(
  weights: EncoderWeights,
  kernels: EncoderKernels,
  waveforms: tf.Tensor2D,
  samples: ValidLengths,
  layers: readonly number[],
  maxTensorBytes: number = Number.POSITIVE_INFINITY,
): tf.Tensor3D[] {
  const { config, norm } = weights;
  const frames: ValidLengths = {
    values: samples.values.map((length) => frameCount(config, length)),
    padded: frameCount(config, samples.padded),
  };
  const normed = (x: tf.Tensor3D): tf.Tensor3D => kernels.layerNorm(x, norm, config.layerNormEps);
  const features = featuresOf(weights, kernels, waveforms, samples, maxTensorBytes);
  let h = embedFrames(weights, kernels, features, frames);
  if (!config.doStableLayerNorm) h = normed(h);
  const table = positionTable(weights, frames.padded);
  const wanted = new Set(layers);
  const highest = Math.max(...layers);
  const states = new Map<number, tf.Tensor3D>();
  if (wanted.has(0)) states.set(0, h);
  for (const [i, layer] of weights.layers.slice(0, highest).entries()) {
    const next = applyTransformerLayer(layer, kernels, config, h, table, frames, maxTensorBytes);
    if (!wanted.has(i)) h.dispose();
    h = next;
    if (i + 1 === config.layers && config.doStableLayerNorm) h = normed(h);
    if (wanted.has(i + 1)) states.set(i + 1, h);
  }
  return layers.map((layer) => {
    const state = states.get(layer);
    if (!state) throw new Error(`Layer ${layer} was not computed.`);
    return state;
  });
}

/** `[B, T, C]` */
function featuresOf(
  { extractor, config }: EncoderWeights,
  kernels: EncoderKernels,
  waveforms: tf.Tensor2D,
  samples: ValidLengths,
  maxTensorBytes: number,
): tf.Tensor3D {
  const { stretches } = kernels;
  const [batch, padded] = waveforms.shape;
  const isOver = batch * firstConvBytes(config, padded) > maxTensorBytes;
  return stretches && isOver && batch === 1
    ? extractFeaturesInStretches(
        extractor,
        { ...kernels, stretches },
        waveforms,
        samples.values[0] ?? padded,
        maxTensorBytes,
      )
    : extractFeatures(extractor, kernels, waveforms, samples);
}

/** Bytes of the first convolution's output for one clip: the largest tensor of all but long clips' attention. */
export function firstConvBytes({ convLayers }: EncoderConfig, samples: number): number {
  const [first] = convLayers;
  return first ? 4 * Math.ceil(samples / first.stride) * first.channels : 0;
}

/** Projection to D, and position from the positional conv. */
function embedFrames(
  weights: EncoderWeights,
  kernels: EncoderKernels,
  features: tf.Tensor3D,
  frames: ValidLengths,
): tf.Tensor3D {
  return tf.tidy(() => {
    const { projectionNorm, projection, positional, config } = weights;
    const normal = projectionNorm
      ? kernels.layerNorm(features, projectionNorm, config.layerNormEps)
      : features;
    const projected = kernels.dense(normal, projection);
    if (isUnpadded(frames))
      return tf.add(projected, applyPositionalConv(positional, kernels, projected, null));
    // The positional conv reads across the clip's end: there must be zeros, as with the clip alone.
    const mask: tf.Tensor3D = tf.expandDims(validMask(frames), 2);
    const masked: tf.Tensor3D = tf.mul(projected, mask);
    return tf.add(masked, applyPositionalConv(positional, kernels, masked, mask));
  });
}

/** `[H, 2·T − 1]`, or null for a model without relative positions. */
function positionTable({ positionEmbedding, config }: EncoderWeights, frames: number): tf.Tensor2D | null {
  const { relativePosition, heads } = config;
  if (!positionEmbedding || !relativePosition) return null;
  const { buckets, maxDistance } = relativePosition;
  const table = relativePositionTable(positionEmbedding, heads, frames, buckets, maxDistance);
  return tf.tensor2d(table, [heads, 2 * frames - 1]);
}
