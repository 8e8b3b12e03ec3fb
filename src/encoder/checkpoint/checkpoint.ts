import type { EncoderConfig } from '../config.ts';

export type TensorDtype = 'F32' | 'F16' | 'BF16' | 'F64';

/** One tensor of a checkpoint, read only when asked for. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** As stored in the file. */
  readonly dtype: TensorDtype;
  /** Reads this tensor alone, row-major, converted to float32. */
  read(): Promise<Float32Array>;
}

/** A checkpoint whatever its file format: sizes, and tensors under canonical names. */
export interface Checkpoint {
  readonly config: EncoderConfig;
  /** From `preprocessor_config.json`: each waveform is brought to zero mean and unit variance. */
  readonly doNormalize: boolean;
  /**
   * Hugging Face names without the model's prefix, head keys dropped, weight norm as `weight_g` / `weight_v`.
   */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}
