import * as tf from '@tensorflow/tfjs-core';

/**
 * How many positions of each batch item are real; the rest is padding, which no kernel lets touch a real position.
 */
export interface ValidLengths {
  /** `[B]` */
  readonly values: readonly number[];
  /** The padded length. */
  readonly padded: number;
}

/** True when nothing is padded. */
export function isUnpadded(valid: ValidLengths): boolean {
  return valid.values.every((length) => length === valid.padded);
}

/** `[B]` int32, for the WGSL kernels. */
export function lengthsTensor(valid: ValidLengths): tf.Tensor1D {
  return tf.tensor1d([...valid.values], 'int32');
}

/** `[B, padded]`: 1 on real positions, 0 on padding. */
export function validMask(valid: ValidLengths): tf.Tensor2D {
  const mask = new Float32Array(valid.values.length * valid.padded);
  for (const [b, length] of valid.values.entries()) mask.fill(1, b * valid.padded, b * valid.padded + length);
  return tf.tensor2d(mask, [valid.values.length, valid.padded]);
}
