import { PlaygroundError } from '../lib/errors.ts';

/** How frames `[T, D]` become one row: `none` keeps the frames. */
export type Pooling = 'mean' | 'mean+std' | 'none';

/** What the encoder gives for one waveform; K is the number of layers asked for. */
export interface EncodedWaveform {
  /** T */
  readonly frameCount: number;
  /** `[K, T, D]` for pooling `none`, else null. */
  readonly frames: Float32Array | null;
  /** `[K, D]` mean over frames, for `mean` and `mean+std`. */
  readonly mean: Float32Array | null;
  /** `[K, D]` sum of squared deviations from the mean, for `mean+std`: lets windows be merged. */
  readonly squaredDeviations: Float32Array | null;
}

/** What is written for one clip. */
export interface PooledEmbedding {
  /** Frames that went into it. */
  readonly frameCount: number;
  /**
   * Row-major values. `mean`: `[K, D]`; `mean+std`: `[K, 2·D]`, means then population standard deviations;
   * `none`: `[K, T, D]`.
   */
  readonly values: Float32Array;
}

/** The encoder gave NaN or infinity; nothing of it may be written. */
export class NonFiniteEmbeddingError extends PlaygroundError {
  override readonly name: string = 'NonFiniteEmbeddingError';
}

/** @throws NonFiniteEmbeddingError when a value is NaN or infinite. */
export function assertFinite(values: Float32Array, what: string): void {
  for (let i = 0; i < values.length; i += 1)
    if (!Number.isFinite(values[i]))
      throw new NonFiniteEmbeddingError(
        `The encoder gave values that are not numbers (${what}, value ${i}). The weights or the device are at fault, not the audio.`,
      );
}

/** Mean and sum of squared deviations over frames `[K, T, D]`, in float64: `[K, D]` each. */
export function frameMoments(
  frames: Float32Array,
  layers: number,
  frameCount: number,
  hiddenSize: number,
): { mean: Float32Array; squaredDeviations: Float32Array } {
  const mean = new Float32Array(layers * hiddenSize);
  const squaredDeviations = new Float32Array(layers * hiddenSize);
  const sums = new Float64Array(hiddenSize);
  for (let k = 0; k < layers; k += 1) {
    const base = k * frameCount * hiddenSize;
    sums.fill(0);
    for (let t = 0; t < frameCount; t += 1)
      for (let d = 0; d < hiddenSize; d += 1)
        sums[d] = (sums[d] ?? 0) + (frames[base + t * hiddenSize + d] ?? 0);
    const means = sums.map((sum) => sum / frameCount);
    mean.set(means, k * hiddenSize);
    sums.fill(0);
    for (let t = 0; t < frameCount; t += 1)
      for (let d = 0; d < hiddenSize; d += 1)
        sums[d] = (sums[d] ?? 0) + ((frames[base + t * hiddenSize + d] ?? 0) - (means[d] ?? 0)) ** 2;
    squaredDeviations.set(sums, k * hiddenSize);
  }
  return { mean, squaredDeviations };
}

/**
 * Joins the windows of one clip: means weighted by frames, squared deviations by the pairwise rule of Chan, Golub and
 * LeVeque (1979), in float64. One window gives its own numbers. `none` puts the frames of the windows one after
 * another.
 * @param layers K
 * @throws NonFiniteEmbeddingError when a value is NaN or infinite.
 */
export function mergeWindows(
  windows: readonly EncodedWaveform[],
  pooling: Pooling,
  layers: number,
): PooledEmbedding {
  if (windows.length === 0) throw new Error('mergeWindows needs at least one window.');
  const frameCount = windows.reduce((sum, window) => sum + window.frameCount, 0);
  const values =
    pooling === 'none' ? joinFrames(windows, layers, frameCount) : mergeMoments(windows, pooling, layers);
  assertFinite(values, 'pooled embedding');
  return { frameCount, values };
}

function joinFrames(windows: readonly EncodedWaveform[], layers: number, frameCount: number): Float32Array {
  const parts = windows.map((window) => present(window.frames));
  const hiddenSize = present(parts[0]).length / (layers * present(windows[0]).frameCount);
  const joined = new Float32Array(layers * frameCount * hiddenSize);
  let offset = 0;
  for (let k = 0; k < layers; k += 1)
    for (const [w, part] of parts.entries()) {
      const length = present(windows[w]).frameCount * hiddenSize;
      joined.set(part.subarray(k * length, (k + 1) * length), offset);
      offset += length;
    }
  return joined;
}

function mergeMoments(windows: readonly EncodedWaveform[], pooling: Pooling, layers: number): Float32Array {
  const first = present(windows[0]);
  let frames = first.frameCount;
  const mean = Float64Array.from(present(first.mean));
  const withStd = pooling === 'mean+std';
  const deviations = withStd ? Float64Array.from(present(first.squaredDeviations)) : null;
  for (const window of windows.slice(1)) {
    const total = frames + window.frameCount;
    const windowMean = present(window.mean);
    for (let i = 0; i < mean.length; i += 1) {
      const delta = present(windowMean[i]) - present(mean[i]);
      mean[i] = present(mean[i]) + (delta * window.frameCount) / total;
      if (deviations)
        deviations[i] =
          present(deviations[i]) +
          present(present(window.squaredDeviations)[i]) +
          (delta * delta * frames * window.frameCount) / total;
    }
    frames = total;
  }
  if (!deviations) return Float32Array.from(mean);
  const hiddenSize = mean.length / layers;
  const row = new Float32Array(2 * mean.length);
  for (let k = 0; k < layers; k += 1)
    for (let d = 0; d < hiddenSize; d += 1) {
      row[k * 2 * hiddenSize + d] = present(mean[k * hiddenSize + d]);
      row[(k * 2 + 1) * hiddenSize + d] = Math.sqrt(present(deviations[k * hiddenSize + d]) / frames);
    }
  return row;
}

/** The value where the request's pooling guarantees one. */
function present<T>(value: T | null | undefined): T {
  if (value == null) throw new Error('A window lacks what its pooling should have given.');
  return value;
}
