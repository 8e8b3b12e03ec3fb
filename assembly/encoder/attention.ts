// Attention with WavLM's gated relative position bias, one head and one block of queries at a time.

import { gemmBlock } from './gemm';
import { expNonPositive4, multiplyAdd, sum4 } from './math';

/** Queries whose scores are held at once. */
const queryBlock: i32 = 48;

/**
 * Lays the keys and values of heads [start, end) out in panels of eight columns for the two products.
 * @param qkv `[T, 3·D]`
 * @param keys to `[H, ⌈T/8⌉, headSize, 8]`, keys beyond T zero
 * @param values to `[H, headSize/8, T, 8]`
 */
export function packKeysValues(
  qkv: usize,
  keys: usize,
  values: usize,
  frames: i32,
  heads: i32,
  headSize: i32,
  start: i32,
  end: i32,
): void {
  const hiddenSize = <usize>(heads * headSize);
  const stride = hiddenSize * 12;
  const paddedFrames = (frames + 7) & ~7;
  for (let head = start; head < end; head++) {
    const headKeys = qkv + (hiddenSize << 2) + (<usize>(head * headSize) << 2);
    const headValues = headKeys + (hiddenSize << 2);
    const toKeys = keys + (<usize>head * <usize>paddedFrames * <usize>headSize << 2);
    const toValues = values + (<usize>head * <usize>frames * <usize>headSize << 2);
    for (let t = 0; t < paddedFrames; t++) {
      const panel = toKeys + (<usize>(t >> 3) * <usize>headSize << 5) + (<usize>(t & 7) << 2);
      const from = headKeys + <usize>t * stride;
      for (let d = 0; d < headSize; d++)
        store<f32>(panel + (<usize>d << 5), t < frames ? load<f32>(from + (<usize>d << 2)) : 0);
    }
    for (let t = 0; t < frames; t++) {
      const from = headValues + <usize>t * stride;
      for (let p = 0; p < headSize >> 3; p++) {
        const to = toValues + (<usize>(p * frames + t) << 5);
        v128.store(to, v128.load(from + (<usize>p << 5)));
        v128.store(to, v128.load(from + (<usize>p << 5), 16), 16);
      }
    }
  }
}

/** How many tasks `attention` splits into. */
export function attentionTasks(frames: i32, heads: i32): i32 {
  return heads * ((frames + queryBlock - 1) / queryBlock);
}

/** Bytes of scores that each thread needs. */
export function attentionScratchBytes(frames: i32): usize {
  return <usize>queryBlock * <usize>((frames + 7) & ~7) << 2;
}

/**
 * Tasks [start, end): softmax(q·kᵀ + gate·P)·v, queries already scaled.
 * @param table `[H, 2·T − 1]`, bias by relative position, or 0
 * @param gate `[T, H]`, or 0
 * @param scratch one block of `attentionScratchBytes` per thread
 * @param out `[T, D]`
 */
export function attention(
  qkv: usize,
  keys: usize,
  values: usize,
  table: usize,
  gate: usize,
  scratch: usize,
  out: usize,
  frames: i32,
  heads: i32,
  headSize: i32,
  start: i32,
  end: i32,
  thread: i32,
): void {
  const hiddenSize = <usize>(heads * headSize);
  const strideQuery = hiddenSize * 12;
  const paddedFrames = (frames + 7) & ~7;
  const strideScores = <usize>paddedFrames << 2;
  const scores = scratch + <usize>thread * attentionScratchBytes(frames);
  const blocks = (frames + queryBlock - 1) / queryBlock;
  for (let task = start; task < end; task++) {
    const head = task / blocks;
    const first = (task % blocks) * queryBlock;
    const count = min(queryBlock, frames - first);
    const queries = qkv + <usize>first * strideQuery + (<usize>(head * headSize) << 2);
    const headKeys = keys + (<usize>head * <usize>paddedFrames * <usize>headSize << 2);
    const headValues = values + (<usize>head * <usize>frames * <usize>headSize << 2);
    gemmBlock(queries, strideQuery, headKeys, 0, 0, scores, strideScores, headSize, 0, 0, count, 0, paddedFrames >> 3);
    for (let i = 0; i < count; i++) {
      const query = first + i;
      const bias = table ? table + (<usize>(head * (2 * frames - 1) + frames - 1 - query) << 2) : 0;
      const strength = gate ? load<f32>(gate + (<usize>(query * heads + head) << 2)) : 0;
      softmaxRow(scores + <usize>i * strideScores, frames, bias, strength);
    }
    gemmBlock(
      scores,
      strideScores,
      headValues,
      0,
      0,
      out + <usize>first * (hiddenSize << 2) + (<usize>(head * headSize) << 2),
      hiddenSize << 2,
      frames,
      0,
      0,
      count,
      0,
      headSize >> 3,
    );
  }
}

/** In place over `count` scores, with `strength·bias` added first. Scores beyond the end are never read. */
function softmaxRow(row: usize, count: i32, bias: usize, strength: f32): void {
  const whole = <usize>(count & ~3) << 2;
  const size = <usize>count << 2;
  const strength4 = f32x4.splat(strength);
  let largest4 = f32x4.splat(f32.MIN_VALUE * -1 - f32.MAX_VALUE);
  for (let i: usize = 0; i < whole; i += 16) {
    let s = v128.load(row + i);
    if (bias) {
      s = multiplyAdd(strength4, v128.load(bias + i), s);
      v128.store(row + i, s);
    }
    largest4 = f32x4.max(largest4, s);
  }
  let largest: f32 = max(
    max(f32x4.extract_lane(largest4, 0), f32x4.extract_lane(largest4, 1)),
    max(f32x4.extract_lane(largest4, 2), f32x4.extract_lane(largest4, 3)),
  );
  for (let i = whole; i < size; i += 4) {
    let s = load<f32>(row + i);
    if (bias) {
      s += strength * load<f32>(bias + i);
      store<f32>(row + i, s);
    }
    largest = max(largest, s);
  }
  const shift = f32x4.splat(largest);
  let total4 = f32x4.splat(0);
  for (let i: usize = 0; i < whole; i += 16) {
    const e = expNonPositive4(f32x4.sub(v128.load(row + i), shift));
    v128.store(row + i, e);
    total4 = f32x4.add(total4, e);
  }
  let total = sum4(total4);
  for (let i = whole; i < size; i += 4) {
    const e = f32x4.extract_lane(expNonPositive4(f32x4.splat(load<f32>(row + i) - largest)), 0);
    store<f32>(row + i, e);
    total += e;
  }
  const scale: f32 = <f32>1 / total;
  const scale4 = f32x4.splat(scale);
  for (let i: usize = 0; i < whole; i += 16) v128.store(row + i, f32x4.mul(v128.load(row + i), scale4));
  for (let i = whole; i < size; i += 4) store<f32>(row + i, load<f32>(row + i) * scale);
}

/**
 * Frames [start, end) of the gate on the position bias, `ga·(gb·constant − 1) + 2` with (ga, gb) = sigmoid of one
 * Linear on each head's slice.
 * @param x `[T, D]`
 * @param weight `[headSize, 2]`
 * @param out `[T, H]`
 */
export function positionGate(
  x: usize,
  weight: usize,
  bias: usize,
  constants: usize,
  out: usize,
  heads: i32,
  headSize: i32,
  start: i32,
  end: i32,
): void {
  for (let t = start; t < end; t++)
    for (let head = 0; head < heads; head++) {
      const slice = x + (<usize>((t * heads + head) * headSize) << 2);
      let a = load<f32>(bias);
      let b = load<f32>(bias, 4);
      for (let d = 0; d < headSize; d++) {
        const value = load<f32>(slice + (<usize>d << 2));
        a += value * load<f32>(weight + (<usize>d << 3));
        b += value * load<f32>(weight + (<usize>d << 3), 4);
      }
      const ga = sigmoid(a);
      const gb = sigmoid(b);
      const constant = load<f32>(constants + (<usize>head << 2));
      store<f32>(out + (<usize>(t * heads + head) << 2), ga * (gb * constant - 1) + 2);
    }
}

/** 1/(1 + e^−x) through the exponential of a number that is not positive. */
@inline
function sigmoid(x: f32): f32 {
  const e = f32x4.extract_lane(expNonPositive4(f32x4.splat(-abs<f32>(x))), 0);
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
