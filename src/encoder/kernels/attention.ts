import * as tf from '@tensorflow/tfjs-core';
import type { AttentionInputs, Gate } from './contract.ts';
import { i32, runGpuProgram, workgroupNumber, workgroupReductions } from './gpu-program.ts';
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

/** Queries of one head that a workgroup scores at once: each key is read once for all of them. */
const queryTile = 4;
const scoreThreads = 64;
/** A workgroup of the mixing computes this many queries by this many columns of one head. */
const mixQueries = 16;
const mixColumns = 16;
const mixKeys = 16;

/** Consecutive frames that ask. */
interface Queries {
  readonly first: number;
  readonly count: number;
}

/**
 * The same in two dispatches: scores, gate, position bias, mask and softmax in one; the weighted values in the other.
 * Each query's numbers are its own, so that taking some queries at a time changes no bit.
 */
export function gpuAttention(
  inputs: AttentionInputs,
  heads: number,
  lengths: tf.Tensor1D,
  maxTensorBytes = Number.POSITIVE_INFINITY,
): tf.Tensor3D {
  const [batch, frames] = inputs.qkv.shape;
  const fitting = Math.floor(maxTensorBytes / (batch * heads * frames * 4));
  const atOnce = fitting >= frames ? frames : Math.max(mixQueries, fitting - (fitting % mixQueries));
  return tf.tidy(() => {
    let joined: tf.Tensor3D | null = null;
    for (let first = 0; first < frames; first += atOnce) {
      const queries = { first, count: Math.min(atOnce, frames - first) };
      const before: tf.Tensor3D | null = joined;
      joined = tf.tidy(() => {
        const weights = gpuAttentionWeights(inputs, heads, lengths, queries);
        const mixed = gpuMixValues(inputs.qkv, weights, lengths);
        // Two at a time: concat of many inputs is where tfjs's WebGPU backend goes wrong.
        return before ? tf.concat([before, mixed], 1) : mixed;
      });
      before?.dispose();
    }
    if (!joined) throw new Error('There are no frames to attend to.');
    return joined;
  });
}

/** `softmax(q·kᵀ + gate·P)` of some queries with padded keys 0: `[B, H, count, T]`. */
export function gpuAttentionWeights(
  { qkv, position }: AttentionInputs,
  heads: number,
  lengths: tf.Tensor1D,
  queries: Queries = { first: 0, count: qkv.shape[1] },
): tf.Tensor4D {
  const [batch, frames, width] = qkv.shape;
  const headSize = width / 3 / heads;
  const tiles = Math.ceil(queries.count / queryTile);
  const perQuery = (line: (q: number) => string): string =>
    Array.from({ length: queryTile }, (_, q) => line(q)).join('\n');
  const gateCode = `
    // One thread for each query: the gate's Linear on this head's slice of x.
    if (thread < ${queryTile}) {
      let frame = min(firstQuery + thread, uniforms.frames - 1);
      let slice = (item * uniforms.frames + frame) * size + head * ${headSize};
      var a = gateBias[0];
      var b = gateBias[1];
      for (var d = 0; d < ${headSize}; d = d + 1) {
        a = a + x[slice + d] * gateWeight[d * 2];
        b = b + x[slice + d] * gateWeight[d * 2 + 1];
      }
      let first = 1.0 / (1.0 + exp(-a));
      let second = 1.0 / (1.0 + exp(-b));
      gates[thread] = first * (second * gateConstant[head] - 1.0) + 2.0;
    }
  `;
  const biasOf = (q: number): string =>
    position
      ? `s${q} = s${q} + gates[${q}] * table[head * (2 * uniforms.frames - 1) + key - min(firstQuery + ${q}, uniforms.frames - 1) + uniforms.frames - 1];`
      : '';
  const code = `
    ${workgroupNumber}
    ${workgroupReductions(scoreThreads)}
    var<workgroup> queries: array<f32, ${queryTile * headSize}>;
    var<workgroup> gates: array<f32, ${queryTile}>;
    fn main(index: i32) {
      let number = workgroupNumber();
      let thread = i32(localId.x);
      let isReal = number < uniforms.batch * uniforms.heads * uniforms.tiles;
      let tile = number % uniforms.tiles;
      let head = number / uniforms.tiles % uniforms.heads;
      let item = min(number / (uniforms.tiles * uniforms.heads), uniforms.batch - 1);
      let firstRow = tile * ${queryTile};
      let firstQuery = uniforms.first + firstRow;
      let size = uniforms.heads * ${headSize};
      let keys = lengths[item];
      for (var i = thread; i < ${queryTile * headSize}; i = i + ${scoreThreads}) {
        let frame = min(firstQuery + i / ${headSize}, uniforms.frames - 1);
        queries[i] = qkv[(item * uniforms.frames + frame) * 3 * size + head * ${headSize} + i % ${headSize}];
      }
      ${position ? gateCode : ''}
      workgroupBarrier();
      let rows = ((item * uniforms.heads + head) * uniforms.count + firstRow) * uniforms.frames;
      ${perQuery((q) => `var largest${q} = -1e30;`)}
      for (var key = thread; key < keys; key = key + ${scoreThreads}) {
        let start = (item * uniforms.frames + key) * 3 * size + size + head * ${headSize};
        ${perQuery((q) => `var s${q} = 0.0;`)}
        for (var d = 0; d < ${headSize}; d = d + 1) {
          let k = qkv[start + d];
          ${perQuery((q) => `s${q} = fma(queries[${q * headSize} + d], k, s${q});`)}
        }
        ${perQuery(biasOf)}
        ${perQuery(
          (q) => `
        largest${q} = max(largest${q}, s${q});
        if (isReal && firstRow + ${q} < uniforms.count) { result[rows + ${q} * uniforms.frames + key] = s${q}; }`,
        )}
      }
      ${perQuery(
        (q) => `
      {
        let largest = workgroupMax(largest${q});
        let row = rows + ${q} * uniforms.frames;
        let isRow = isReal && firstRow + ${q} < uniforms.count;
        var sum = 0.0;
        // Each thread reads only what it wrote itself.
        for (var key = thread; key < keys; key = key + ${scoreThreads}) {
          if (isRow) {
            let e = exp(result[row + key] - largest);
            result[row + key] = e;
            sum = sum + e;
          }
        }
        let scale = 1.0 / workgroupSum(sum);
        for (var key = thread; key < uniforms.frames; key = key + ${scoreThreads}) {
          if (isRow) {
            if (key < keys) { result[row + key] = result[row + key] * scale; } else { result[row + key] = 0.0; }
          }
        }
      }`,
      )}
    }
  `;
  return runGpuProgram<tf.Rank.R4>({
    key: `attentionWeights_${headSize}_${position ? 'position' : 'plain'}`,
    inputs: position
      ? {
          qkv,
          lengths,
          x: position.x,
          gateWeight: position.gate.weight,
          gateBias: position.gate.bias,
          gateConstant: position.gate.constant,
          table: position.table,
        }
      : { qkv, lengths },
    outputShape: [batch, heads, queries.count, frames],
    workgroupSize: scoreThreads,
    workgroups: batch * heads * tiles,
    uniforms: {
      batch: i32(batch),
      heads: i32(heads),
      frames: i32(frames),
      tiles: i32(tiles),
      first: i32(queries.first),
      count: i32(queries.count),
    },
    code,
  });
}

/** Attention's weights `[B, H, count, T]` times the values, heads merged: `[B, count, D]`. */
function gpuMixValues(qkv: tf.Tensor3D, weights: tf.Tensor4D, lengths: tf.Tensor1D): tf.Tensor3D {
  const [batch, heads, count, frames] = weights.shape;
  const hiddenSize = qkv.shape[2] / 3;
  const headSize = hiddenSize / heads;
  const queryTiles = Math.ceil(count / mixQueries);
  const columnTiles = Math.ceil(headSize / mixColumns);
  const code = `
    ${workgroupNumber}
    var<workgroup> heldWeights: array<f32, ${mixQueries * mixKeys}>;
    var<workgroup> heldValues: array<f32, ${mixKeys * mixColumns}>;
    fn main(index: i32) {
      let number = workgroupNumber();
      let thread = i32(localId.x);
      let queryTiles = (uniforms.count + ${mixQueries - 1}) / ${mixQueries};
      let isReal = number < uniforms.batch * uniforms.heads * queryTiles * uniforms.columnTiles;
      let columnTile = number % uniforms.columnTiles;
      let queryTile = number / uniforms.columnTiles % queryTiles;
      let head = number / (uniforms.columnTiles * queryTiles) % uniforms.heads;
      let item = min(number / (uniforms.columnTiles * queryTiles * uniforms.heads), uniforms.batch - 1);
      let size = uniforms.heads * uniforms.headSize;
      let keys = lengths[item];
      let rows = (item * uniforms.heads + head) * uniforms.count;
      // Each thread: four queries of one column.
      let column = thread % ${mixColumns};
      let firstRow = thread / ${mixColumns} * 4;
      var sums = vec4<f32>(0.0);
      for (var k0 = 0; k0 < uniforms.frames; k0 = k0 + ${mixKeys}) {
        for (var i = thread; i < ${mixQueries * mixKeys}; i = i + 64) {
          let query = queryTile * ${mixQueries} + i / ${mixKeys};
          let key = k0 + i % ${mixKeys};
          var value = 0.0;
          if (query < uniforms.count && key < keys) { value = weights[(rows + query) * uniforms.frames + key]; }
          heldWeights[i] = value;
        }
        for (var i = thread; i < ${mixKeys * mixColumns}; i = i + 64) {
          let key = k0 + i / ${mixColumns};
          let d = columnTile * ${mixColumns} + i % ${mixColumns};
          var value = 0.0;
          if (key < keys && d < uniforms.headSize) {
            value = qkv[(item * uniforms.frames + key) * 3 * size + 2 * size + head * uniforms.headSize + d];
          }
          heldValues[i] = value;
        }
        workgroupBarrier();
        for (var k = 0; k < ${mixKeys}; k = k + 1) {
          let value = heldValues[k * ${mixColumns} + column];
          sums = fma(
            vec4<f32>(
              heldWeights[firstRow * ${mixKeys} + k],
              heldWeights[(firstRow + 1) * ${mixKeys} + k],
              heldWeights[(firstRow + 2) * ${mixKeys} + k],
              heldWeights[(firstRow + 3) * ${mixKeys} + k],
            ),
            vec4<f32>(value),
            sums,
          );
        }
        workgroupBarrier();
      }
      let d = columnTile * ${mixColumns} + column;
      for (var r = 0; r < 4; r = r + 1) {
        let query = queryTile * ${mixQueries} + firstRow + r;
        if (isReal && query < uniforms.count && d < uniforms.headSize) {
          result[(item * uniforms.count + query) * size + head * uniforms.headSize + d] = sums[r];
        }
      }
    }
  `;
  return runGpuProgram<tf.Rank.R3>({
    key: 'mixValues',
    inputs: { qkv, weights, lengths },
    outputShape: [batch, count, hiddenSize],
    workgroupSize: 64,
    workgroups: batch * heads * queryTiles * columnTiles,
    uniforms: {
      batch: i32(batch),
      heads: i32(heads),
      frames: i32(frames),
      count: i32(count),
      headSize: i32(headSize),
      columnTiles: i32(columnTiles),
    },
    code,
  });
}
