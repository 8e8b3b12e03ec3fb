import * as tf from '@tensorflow/tfjs-core';
import { PlaygroundError } from '../lib/errors.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { frameCount, receptiveField, type EncoderConfig } from './config.ts';
import { extractFeatures, loadFeatureExtractor, type FeatureExtractor } from './feature-extractor.ts';
import { chooseKernels } from './kernels/choose.ts';
import type { EncoderKernels, Linear, Norm } from './kernels/contract.ts';
import type { ValidLengths } from './kernels/valid.ts';
import { assertFinite, type EncodedWaveform, type Pooling } from './pooling.ts';
import { applyPositionalConv, loadPositionalConv, type PositionalConv } from './positional-conv.ts';
import { relativePositionTable } from './relative-position.ts';
import {
  applyTransformerLayer,
  loadLinear,
  loadNorm,
  loadTransformerLayer,
  type TransformerLayer,
} from './transformer.ts';
import { WeightLoader, type LoadProgress } from './weights.ts';

/** Which hidden states are wanted, and how their frames become a row. */
export interface EncodeRequest {
  /** Indices into hidden_states, 0 (input of the first layer) … L, ascending. */
  readonly layers: readonly number[];
  readonly pooling: Pooling;
}

/** An encoder of the WavLM family on the device. */
export interface Encoder {
  readonly config: EncoderConfig;
  /** L; hidden states have L + 1 entries. */
  readonly layers: number;
  readonly hiddenSize: number;
  readonly parameters: number;
  /** Frames for n samples at 16 kHz. */
  frameCount(samples: number): number;
  /**
   * Embeds waveforms (16 kHz, mono, any lengths from 400 samples); results in the same order. What comes out for one
   * never depends on the others. Layers above the highest asked for are not computed.
   * @throws WaveformTooShortError, NonFiniteEmbeddingError
   */
  encode(waveforms: readonly Float32Array[], request: EncodeRequest): Promise<EncodedWaveform[]>;
  /** All hidden states of one waveform, `[L + 1, T, D]`. */
  hiddenStates(waveform: Float32Array): Promise<{ data: Float32Array; shape: [number, number, number] }>;
  /** Frees the weights. */
  dispose(): void;
}

/** Fewer samples than the first frame needs. */
export class WaveformTooShortError extends PlaygroundError {
  override readonly name: string = 'WaveformTooShortError';
}

interface Weights {
  readonly extractor: FeatureExtractor;
  readonly projectionNorm: Norm | null;
  readonly projection: Linear;
  readonly positional: PositionalConv;
  readonly norm: Norm;
  /** `rel_attn_embed` `[buckets, H]`, kept in JavaScript: a table is made per length. */
  readonly positionEmbedding: Float32Array | null;
  readonly layers: readonly TransformerLayer[];
}

/**
 * Reads a checkpoint onto the device (tfjs's current backend), one tensor at a time.
 * @param kernels the fastest for this backend when absent
 * @throws MissingTensorError, TensorShapeError, NonFiniteWeightError
 */
export async function createEncoder(
  checkpoint: Checkpoint,
  onProgress?: LoadProgress,
  kernels?: EncoderKernels,
): Promise<Encoder> {
  const chosen = kernels ?? (await chooseKernels(checkpoint.config));
  const loader = new WeightLoader(checkpoint, chosen, onProgress);
  try {
    const weights = await loadWeights(loader, checkpoint.config);
    return new WavlmEncoder(checkpoint, weights, loader, chosen);
  } catch (error) {
    tf.dispose([...loader.uploaded]);
    throw error;
  }
}

async function loadWeights(loader: WeightLoader, config: EncoderConfig): Promise<Weights> {
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
  return { extractor, projectionNorm, projection, positional, norm, positionEmbedding, layers };
}

class WavlmEncoder implements Encoder {
  readonly config: EncoderConfig;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly parameters: number;
  readonly #doNormalize: boolean;
  readonly #weights: Weights;
  readonly #kernels: EncoderKernels;
  readonly #loader: WeightLoader;

  constructor(checkpoint: Checkpoint, weights: Weights, loader: WeightLoader, kernels: EncoderKernels) {
    this.#kernels = kernels;
    this.config = checkpoint.config;
    this.layers = checkpoint.config.layers;
    this.hiddenSize = checkpoint.config.hiddenSize;
    this.parameters = loader.parameters;
    this.#doNormalize = checkpoint.doNormalize;
    this.#weights = weights;
    this.#loader = loader;
  }

  frameCount(samples: number): number {
    return frameCount(this.config, samples);
  }

  async encode(waveforms: readonly Float32Array[], request: EncodeRequest): Promise<EncodedWaveform[]> {
    for (const layer of request.layers)
      if (!Number.isInteger(layer) || layer < 0 || layer > this.layers)
        throw new RangeError(`Layer ${layer} was asked for; this encoder has 0 to ${this.layers}.`);
    for (const waveform of waveforms) this.#checkLength(waveform);
    const results: EncodedWaveform[] = [];
    for (const waveform of waveforms) results.push(await this.#encodeOne(waveform, request));
    return results;
  }

  async hiddenStates(
    waveform: Float32Array,
  ): Promise<{ data: Float32Array; shape: [number, number, number] }> {
    const layers = Array.from({ length: this.layers + 1 }, (_, i) => i);
    const [encoded] = await this.encode([waveform], { layers, pooling: 'none' });
    if (!encoded?.frames) throw new Error('The encoder gave no frames.');
    return { data: encoded.frames, shape: [layers.length, encoded.frameCount, this.hiddenSize] };
  }

  dispose(): void {
    tf.dispose([...this.#loader.uploaded]);
  }

  #checkLength(waveform: Float32Array): void {
    const shortest = receptiveField(this.config);
    if (waveform.length < shortest)
      throw new WaveformTooShortError(
        `The clip has ${waveform.length} samples at 16 kHz; the encoder needs at least ${shortest} (${((shortest / 16000) * 1000).toFixed(0)} ms).`,
      );
  }

  async #encodeOne(waveform: Float32Array, request: EncodeRequest): Promise<EncodedWaveform> {
    const { layers, pooling } = request;
    const output = tf.tidy(() => {
      const states = this.#forward([this.#prepare(waveform)], layers);
      const stacked = tf.concat(states, 0);
      return stacked;
    });
    const frames = await output.data<'float32'>();
    output.dispose();
    assertFinite(frames, 'hidden states');
    const frameCount = this.frameCount(waveform.length);
    if (pooling === 'none') return { frameCount, frames, mean: null, squaredDeviations: null };
    return {
      frameCount,
      frames: null,
      ...momentsOf(frames, layers.length, frameCount, this.hiddenSize, pooling),
    };
  }

  /** Zero mean and unit variance where the model was trained so; population variance, in float64. */
  #prepare(waveform: Float32Array): Float32Array {
    if (!this.#doNormalize) return waveform;
    let sum = 0;
    for (const value of waveform) sum += value;
    const mean = sum / waveform.length;
    let squares = 0;
    for (const value of waveform) squares += (value - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / waveform.length + 1e-7);
    return waveform.map((value) => (value - mean) * scale);
  }

  /** Hidden states asked for, each `[B, T, D]`. To be called inside a tidy. */
  #forward(waveforms: readonly Float32Array[], layers: readonly number[]): tf.Tensor3D[] {
    const { config } = this;
    const weights = this.#weights;
    const kernels = this.#kernels;
    const padded = Math.max(...waveforms.map((waveform) => waveform.length));
    const samples: ValidLengths = { values: waveforms.map((waveform) => waveform.length), padded };
    const batch = new Float32Array(waveforms.length * padded);
    for (const [b, waveform] of waveforms.entries()) batch.set(waveform, b * padded);
    const input = tf.tensor2d(batch, [waveforms.length, padded]);
    const features = extractFeatures(weights.extractor, kernels, input, samples);
    const frames: ValidLengths = {
      values: samples.values.map((length) => this.frameCount(length)),
      padded: this.frameCount(padded),
    };
    const eps = config.layerNormEps;
    const { projectionNorm, norm } = weights;
    const normal = projectionNorm ? kernels.layerNorm(features, projectionNorm, eps) : features;
    const projected = kernels.dense(normal, weights.projection);
    let h: tf.Tensor3D = tf.add(projected, applyPositionalConv(weights.positional, kernels, projected, null));
    if (!config.doStableLayerNorm) h = kernels.layerNorm(h, norm, eps);
    const positionTable =
      weights.positionEmbedding && config.relativePosition
        ? tf.tensor2d(
            relativePositionTable(
              weights.positionEmbedding,
              config.heads,
              frames.padded,
              config.relativePosition.buckets,
              config.relativePosition.maxDistance,
            ),
            [config.heads, 2 * frames.padded - 1],
          )
        : null;
    const kept = new Map<number, tf.Tensor3D>();
    const highest = Math.max(...layers);
    const wanted = new Set(layers);
    if (wanted.has(0)) kept.set(0, h);
    for (const [i, layer] of weights.layers.entries()) {
      if (i + 1 > highest) break;
      const next = applyTransformerLayer(layer, kernels, config, h, positionTable, frames);
      if (!wanted.has(i)) h.dispose();
      h = next;
      if (i + 1 === this.layers && config.doStableLayerNorm) h = kernels.layerNorm(h, norm, eps);
      if (wanted.has(i + 1)) kept.set(i + 1, h);
    }
    return layers.map((layer) => {
      const state = kept.get(layer);
      if (!state) throw new Error(`Layer ${layer} was not computed.`);
      return state;
    });
  }
}

/** Mean and sum of squared deviations over frames, in float64. `frames` is `[K, T, D]`. */
function momentsOf(
  frames: Float32Array,
  layers: number,
  frameCount: number,
  hiddenSize: number,
  pooling: Pooling,
): { mean: Float32Array; squaredDeviations: Float32Array | null } {
  const mean = new Float32Array(layers * hiddenSize);
  const deviations = pooling === 'mean+std' ? new Float32Array(layers * hiddenSize) : null;
  const sums = new Float64Array(hiddenSize);
  for (let k = 0; k < layers; k += 1) {
    const base = k * frameCount * hiddenSize;
    sums.fill(0);
    for (let t = 0; t < frameCount; t += 1)
      for (let d = 0; d < hiddenSize; d += 1)
        sums[d] = (sums[d] ?? 0) + (frames[base + t * hiddenSize + d] ?? 0);
    const means = sums.map((sum) => sum / frameCount);
    mean.set(means, k * hiddenSize);
    if (!deviations) continue;
    sums.fill(0);
    for (let t = 0; t < frameCount; t += 1)
      for (let d = 0; d < hiddenSize; d += 1)
        sums[d] = (sums[d] ?? 0) + ((frames[base + t * hiddenSize + d] ?? 0) - (means[d] ?? 0)) ** 2;
    deviations.set(sums, k * hiddenSize);
  }
  return { mean, squaredDeviations: deviations };
}
