import * as tf from '@tensorflow/tfjs-core';
import type { AttentionInputs, Gate } from './contract.ts';
import { isUnpadded, validMask, type ValidLengths } from './valid.ts';

/** Finite, so that a GPU's fast maths cannot make NaN of it. */
const masked = -1e30;

/**
 * `softmax(q·kᵀ + gate·P)·v` with padded keys masked, heads merged: `[B, T, D]`.
 * `P[h, t, j]` is `table[h, j − t + T − 1]`.
 */
export function plainAttention(inputs: AttentionInputs, heads: number, valid: ValidLengths): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, frames, width] = inputs.qkv.shape;
    const hiddenSize = width / 3;
    const headSize = hiddenSize / heads;
    const split = (part: number): tf.Tensor4D =>
      tf.reshape(tf.slice3d(inputs.qkv, [0, 0, part * hiddenSize], [batch, frames, hiddenSize]), [
        batch,
        frames,
        heads,
        headSize,
      ]);
    const q = tf.transpose(split(0), [0, 2, 1, 3]);
    const kT = tf.transpose(split(1), [0, 2, 3, 1]);
    const v = tf.transpose(split(2), [0, 2, 1, 3]);
    let scores: tf.Tensor4D = tf.matMul(q, kT);
    if (inputs.position) {
      const { x, gate, table } = inputs.position;
      const strength = tf.expandDims(tf.transpose(positionGate(x, gate, heads), [0, 2, 1]), 3);
      const bias = tf.expandDims(toeplitz(table, heads, frames), 0);
      scores = tf.add(scores, tf.mul(strength, bias));
    }
    if (!isUnpadded(valid)) {
      const mask = tf.reshape(validMask(valid), [batch, 1, 1, frames]);
      scores = tf.add(scores, tf.mul(tf.sub(1, mask), masked));
    }
    const weights = chunkedSoftmax(scores);
    const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
    return tf.reshape(mixed, [batch, frames, hiddenSize]);
  });
}

/** `[H, 2T − 1]` → `[H, T, T]`, row t starting at entry T − 1 − t. */
function toeplitz(table: tf.Tensor2D, heads: number, frames: number): tf.Tensor3D {
  const width = 2 * frames - 1;
  if (frames === 1) return tf.reshape(table, [heads, 1, 1]);
  return tf.tidy(() => {
    // Rows of length 2T − 1, repeated and read again with length 2T − 2, shift by one per row.
    const rows = tf.tile(tf.reshape<tf.Rank.R3>(table, [heads, 1, width]), [1, frames, 1]);
    const flat = tf.reshape<tf.Rank.R2>(rows, [heads, frames * width]);
    const part = tf.slice2d(flat, [0, frames - 1], [heads, frames * (width - 1)]);
    const skewed = tf.reshape<tf.Rank.R3>(part, [heads, frames, width - 1]);
    return tf.slice3d(skewed, [0, 0, 0], [heads, frames, frames]);
  });
}

/** Softmax over the last axis, at most 65535 rows at a time: tfjs's WebGPU kernel goes wrong beyond. */
function chunkedSoftmax(scores: tf.Tensor4D): tf.Tensor4D {
  const [batch, heads, frames, keys] = scores.shape;
  const rows = batch * heads * frames;
  const limit = 65535;
  if (rows <= limit) return tf.softmax(scores);
  return tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(scores, [rows, keys]);
    const parts: tf.Tensor2D[] = [];
    for (let start = 0; start < rows; start += limit)
      parts.push(tf.softmax(tf.slice2d(flat, [start, 0], [Math.min(limit, rows - start), keys])));
    let joined = parts[0] ?? flat;
    // Two at a time: concat of many inputs is where the WebGPU backend goes wrong.
    for (const part of parts.slice(1)) joined = tf.concat([joined, part], 0);
    return tf.reshape(joined, [batch, heads, frames, keys]);
  });
}

/** `ga·(gb·const − 1) + 2` with (ga, gb) = sigmoid of the gate's Linear on each head's slice of x: `[B, T, H]`. */
function positionGate(x: tf.Tensor3D, gate: Gate, heads: number): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, frames, size] = x.shape;
    const slices = tf.reshape<tf.Rank.R2>(x, [batch * frames * heads, size / heads]);
    const gates = tf.sigmoid(tf.add<tf.Tensor2D>(tf.matMul(slices, gate.weight), gate.bias));
    const first = tf.reshape(tf.slice2d(gates, [0, 0], [-1, 1]), [batch, frames, heads]);
    const second = tf.reshape(tf.slice2d(gates, [0, 1], [-1, 1]), [batch, frames, heads]);
    return tf.add(tf.mul(first, tf.sub(tf.mul(second, gate.constant), 1)), 2);
  });
}
