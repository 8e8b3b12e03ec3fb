import type { TensorDtype } from './checkpoint.ts';

/** Number types met in files; only {@link TensorDtype} can become weights. */
export type StoredDtype = TensorDtype | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL' | 'other';

/** A tensor as its file describes it, under the file's own name. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
  /** Row-major values as float32; throws UnsupportedDtypeError for types that are no floats. */
  read(): Promise<Float32Array>;
}

export function isFloatDtype(dtype: StoredDtype): dtype is TensorDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

/** Product of the sizes; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
