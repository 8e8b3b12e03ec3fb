import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { PlaygroundError } from '../lib/errors.ts';
import { planBatches, type Batch } from './batching.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { frameCount, receptiveField, type EncoderConfig } from './config.ts';
import { firstConvBytes, forward, loadEncoderWeights, type EncoderWeights } from './forward.ts';
import { chooseKernels } from './kernels/choose.ts';
import type { EncoderKernels } from './kernels/contract.ts';
import { assertFinite, frameMoments, type EncodedWaveform, type Pooling } from './pooling.ts';
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

/** The GPU cannot hold what this clip needs at once, even where it is taken a part at a time. */
export class ClipTooLongError extends PlaygroundError {
  override readonly name: string = 'ClipTooLongError';
}

/** One tensor of a batch: more would not make a GPU busier. */
const maxBatchTensorBytes = 256 * 1024 * 1024;
/** No more of a batch than this is padding. */
const maxPadding = 0.25;
/** Lengths are padded to a multiple of this many frames. */
const frameGranularity = 16;

export interface EncoderOptions {
  readonly kernels?: EncoderKernels | undefined;
  readonly maxTensorBytes?: number;
}

/** What tfjs's current backend binds at once. */
function deviceLimitBytes(): number {
  const backend = tf.backend();
  return backend instanceof WebGPUBackend
    ? backend.device.limits.maxStorageBufferBindingSize
    : Number.POSITIVE_INFINITY;
}

/**
 * Reads a checkpoint onto the device (tfjs's current backend), one tensor at a time.
 * @param options.kernels the fastest for this backend when absent
 * @param options.maxTensorBytes what one tensor may take; what the GPU binds at once when absent
 * @throws MissingTensorError, TensorShapeError, NonFiniteWeightError
 */
export async function createEncoder(
  checkpoint: Checkpoint,
  onProgress?: LoadProgress,
  { kernels, maxTensorBytes = deviceLimitBytes() }: EncoderOptions = {},
): Promise<Encoder> {
  const chosen = kernels ?? (await chooseKernels(checkpoint.config));
  const loader = new WeightLoader(checkpoint, chosen, onProgress);
  try {
    const weights = await loadEncoderWeights(loader, checkpoint.config);
    return new WavlmEncoder(checkpoint, weights, loader, chosen, maxTensorBytes);
  } catch (error) {
    tf.dispose([...loader.uploaded]);
    throw error;
  }
}

class WavlmEncoder implements Encoder {
  readonly config: EncoderConfig;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly parameters: number;
  readonly #doNormalize: boolean;
  readonly #weights: EncoderWeights;
  readonly #kernels: EncoderKernels;
  readonly #loader: WeightLoader;
  readonly #maxTensorBytes: number;

  constructor(
    checkpoint: Checkpoint,
    weights: EncoderWeights,
    loader: WeightLoader,
    kernels: EncoderKernels,
    maxTensorBytes: number,
  ) {
    this.#maxTensorBytes = maxTensorBytes;
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
    for (const batch of this.#plan(waveforms)) {
      const encoded = await this.#encodeBatch(batch, waveforms, request);
      for (const [i, index] of batch.indices.entries()) {
        const result = encoded[i];
        if (result) results[index] = result;
      }
    }
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

  /** Waveforms of like lengths together on a GPU, one at a time elsewhere. */
  #plan(waveforms: readonly Float32Array[]): readonly Batch[] {
    if (!this.#kernels.batches)
      return waveforms.map((waveform, index) => ({ indices: [index], paddedSamples: waveform.length }));
    const limit = this.#maxTensorBytes;
    for (const waveform of waveforms)
      if (this.#largestWholeBytes(waveform.length) > limit)
        throw new ClipTooLongError(
          `The GPU holds ${(limit / 1024 ** 2).toFixed(0)} MiB at once, too little for ${(waveform.length / 16000).toFixed(1)} s of audio with this encoder. Choose a shorter longest clip, or wasm.`,
        );
    const stride = this.config.convLayers.reduce((product, layer) => product * layer.stride, 1);
    return planBatches(
      waveforms.map((waveform) => waveform.length),
      {
        maxPadding,
        maxTensorBytes: Math.min(limit, maxBatchTensorBytes),
        largestTensorBytes: (samples) => this.#largestTensorBytes(samples),
        granularity: stride * frameGranularity,
      },
    );
  }

  /** The first conv's output, or the attention weights. */
  #largestTensorBytes(samples: number): number {
    const { heads } = this.config;
    const frames = this.frameCount(samples);
    return Math.max(
      firstConvBytes(this.config, samples),
      4 * heads * frames * frames,
      this.#largestWholeBytes(samples),
    );
  }

  /** The largest of what is never taken in parts: the features, queries with keys and values, or the inside of a feed-forward. */
  #largestWholeBytes(samples: number): number {
    const { convLayers, hiddenSize, intermediateSize } = this.config;
    const features = convLayers.at(-1)?.channels ?? 0;
    return 4 * this.frameCount(samples) * Math.max(features, 3 * hiddenSize, intermediateSize);
  }

  async #encodeBatch(
    { indices, paddedSamples }: Batch,
    waveforms: readonly Float32Array[],
    { layers, pooling }: EncodeRequest,
  ): Promise<EncodedWaveform[]> {
    const prepared = indices.map((index) => this.#prepare(waveforms[index] ?? new Float32Array()));
    const lengths = prepared.map((waveform) => waveform.length);
    const frames = lengths.map((length) => this.frameCount(length));
    const { moments } = this.#kernels;
    const usesMoments = moments !== null && pooling !== 'none';
    const outputs = tf.tidy(() => {
      const padded = new Float32Array(indices.length * paddedSamples);
      for (const [b, waveform] of prepared.entries()) padded.set(waveform, b * paddedSamples);
      const input = tf.tensor2d(padded, [indices.length, paddedSamples]);
      const samples = { values: lengths, padded: paddedSamples };
      const states = forward(this.#weights, this.#kernels, input, samples, layers, this.#maxTensorBytes);
      if (!usesMoments) return states;
      return states.map((state) => moments(state, { values: frames, padded: state.shape[1] }));
    });
    try {
      // The only wait for the device in a batch.
      const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
      const paddedFrames = this.frameCount(paddedSamples);
      return frames.map((count, b) => {
        const rows = usesMoments ? 2 : paddedFrames;
        const from = b * rows * this.hiddenSize;
        const own = usesMoments ? 2 : count;
        const parts = values.map((value) => value.subarray(from, from + own * this.hiddenSize));
        for (const [k, part] of parts.entries()) assertFinite(part, `hidden state ${layers[k]}`);
        return usesMoments
          ? splitMoments(parts, this.hiddenSize, count, pooling)
          : this.#pool(parts, count, pooling);
      });
    } finally {
      tf.dispose(outputs);
    }
  }

  /** @param parts the frames of each layer, `[T, D]` */
  #pool(parts: readonly Float32Array[], frameCount: number, pooling: Pooling): EncodedWaveform {
    const size = frameCount * this.hiddenSize;
    const frames = new Float32Array(parts.length * size);
    for (const [k, part] of parts.entries()) frames.set(part, k * size);
    if (pooling === 'none') return { frameCount, frames, mean: null, squaredDeviations: null };
    const { mean, squaredDeviations } = frameMoments(frames, parts.length, frameCount, this.hiddenSize);
    return {
      frameCount,
      frames: null,
      mean,
      squaredDeviations: pooling === 'mean+std' ? squaredDeviations : null,
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
}

/** @param parts mean and squared deviations of each layer, `[2, D]` */
function splitMoments(
  parts: readonly Float32Array[],
  hiddenSize: number,
  frameCount: number,
  pooling: Pooling,
): EncodedWaveform {
  const mean = new Float32Array(parts.length * hiddenSize);
  const squaredDeviations = new Float32Array(parts.length * hiddenSize);
  for (const [k, part] of parts.entries()) {
    mean.set(part.subarray(0, hiddenSize), k * hiddenSize);
    squaredDeviations.set(part.subarray(hiddenSize), k * hiddenSize);
  }
  return {
    frameCount,
    frames: null,
    mean,
    squaredDeviations: pooling === 'mean+std' ? squaredDeviations : null,
  };
}
