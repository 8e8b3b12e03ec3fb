import type { EncoderConfig } from '../config.ts';

/** Number types that weights may be stored in; all are read as float32. */
export type TensorDtype = 'F32' | 'F16' | 'BF16' | 'F64';

/** One tensor of a checkpoint, its bytes still in the file. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: TensorDtype;
  /**
   * Reads the values, row-major, from the file: each call reads again, nothing is kept.
   * @throws NonFiniteTensorError when a value is NaN or infinite
   */
  read(): Promise<Float32Array>;
}

/** An encoder's sizes and weights, whatever files they came from. */
export interface Checkpoint {
  readonly config: EncoderConfig;
  /** Whether a waveform is brought to zero mean and unit variance first (preprocessor_config.json). */
  readonly doNormalize: boolean;
  /** By canonical Hugging Face name, without model prefix or heads, weight norm as `weight_g` / `weight_v`. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}
