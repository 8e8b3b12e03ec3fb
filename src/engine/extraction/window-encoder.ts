import type { Device } from '../../device/backend.ts';
import { mergeWindows, type EncodedWaveform, type PooledEmbedding } from '../../encoder/pooling.ts';
import type { Encoder } from '../../encoder/wavlm.ts';
import type { ExtractionSettings } from '../../experiments/extraction-id.ts';
import { errorInWords } from '../errors.ts';
import type { StageTimings } from './stage-timings.ts';

export interface WindowEncoderParts {
  readonly encoder: Pick<Encoder, 'encode'>;
  readonly device: Device;
  readonly settings: ExtractionSettings;
  readonly timings: StageTimings;
  /** Clips per batch to begin with. */
  readonly batchSize: number;
  /** A batch did not fit into memory; from now on this many go together. */
  readonly onSmallerBatch: (batchSize: number) => void;
}

/** Gives windows to the encoder, fewer at a time when memory runs out, and checks the device after each batch. */
export class WindowEncoder {
  readonly #parts: WindowEncoderParts;
  #batchSize: number;

  constructor(parts: WindowEncoderParts) {
    this.#parts = parts;
    this.#batchSize = parts.batchSize;
  }

  get batchSize(): number {
    return this.#batchSize;
  }

  /**
   * Encodes windows in order.
   * @throws NonFiniteEmbeddingError, DeviceLostError, GpuValidationError, OutOfMemoryError (for a single window)
   */
  async encode(windows: readonly Float32Array[]): Promise<EncodedWaveform[]> {
    const { encoder, device, settings, timings } = this.#parts;
    const start = performance.now();
    try {
      const encoded = await encoder.encode(windows, { layers: settings.layers, pooling: settings.pooling });
      await device.checkFaults();
      device.trim();
      timings.add('encodeMs', performance.now() - start);
      return encoded;
    } catch (thrown) {
      const error = device.nameError(thrown);
      if (errorInWords(error).errorName !== 'OutOfMemoryError' || windows.length === 1) throw error;
      const half = Math.ceil(windows.length / 2);
      device.trim(0);
      this.#batchSize = Math.max(1, Math.min(this.#batchSize, half));
      this.#parts.onSmallerBatch(this.#batchSize);
      return [...(await this.encode(windows.slice(0, half))), ...(await this.encode(windows.slice(half)))];
    }
  }

  /** One clip's row (or frames, frame by frame) from its windows. */
  merge(windows: readonly EncodedWaveform[]): { data: Float32Array; frameCount: number } {
    const { settings, timings } = this.#parts;
    const start = performance.now();
    const layers = settings.layers.length;
    const merged = mergeWindows(windows, settings.pooling, layers);
    const data = settings.pooling === 'none' ? framesFirst(merged, layers) : merged.values;
    timings.add('poolMs', performance.now() - start);
    return { data, frameCount: merged.frameCount };
  }
}

/** `[K, T, D]` → `[T, K, D]`, so that clips can be joined along the frames. */
function framesFirst({ values, frameCount }: PooledEmbedding, layers: number): Float32Array {
  if (layers === 1) return values;
  const width = values.length / (layers * frameCount);
  const turned = new Float32Array(values.length);
  for (let k = 0; k < layers; k += 1)
    for (let t = 0; t < frameCount; t += 1) {
      const from = (k * frameCount + t) * width;
      turned.set(values.subarray(from, from + width), (t * layers + k) * width);
    }
  return turned;
}
