// Training kernels in AssemblyScript, compiled by tools/build-kernels.mjs to SIMD WebAssembly.
//
// Only plain SIMD (no relaxed, no fused multiply-add) and one fixed order of summation per output element, whatever
// the number of threads: the same inputs give the same bits on every machine. Pointers are byte offsets into the
// imported memory; whoever calls owns the memory.

/** Depth of one packed block: an 8-column panel of it (8 KiB) and the row tiles stay in the L1 cache. */
const DEPTH_BLOCK: i32 = 256;
/** Rows and columns of the register tile. */
const TILE_ROWS: i32 = 4;
const TILE_COLUMNS: i32 = 8;

/** Bytes of scratch that `gemm` needs for `rows` output rows. */
export function gemmScratchBytes(rows: i32): i32 {
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  return (tiles * TILE_ROWS * DEPTH_BLOCK + TILE_COLUMNS * DEPTH_BLOCK + TILE_ROWS * TILE_COLUMNS) << 2;
}

/**
 * c[i, j] = Σ_k a[i, k] · b[k, j] for all `rows` i and j in [columnStart, columnEnd). Strides are in elements, so a
 * transposed operand is one with its strides swapped. `columnStart` is a multiple of 8 when work is shared.
 */
export function gemm(
  rows: i32, columnStart: i32, columnEnd: i32, depth: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  c: usize, cRow: i32,
  scratch: usize,
): void {
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const packedA = scratch;
  const packedB = packedA + (((tiles * TILE_ROWS * DEPTH_BLOCK) as usize) << 2);
  const edge = packedB + (((TILE_COLUMNS * DEPTH_BLOCK) as usize) << 2);
  for (let k0 = 0; k0 < depth; k0 += DEPTH_BLOCK) {
    const block = min(DEPTH_BLOCK, depth - k0);
    packRows(packedA, a + ((k0 * aColumn) as usize << 2), rows, block, aRow, aColumn);
    for (let j = columnStart; j < columnEnd; j += TILE_COLUMNS) {
      const width = min(TILE_COLUMNS, columnEnd - j);
      packColumns(packedB, b + ((k0 * bRow + j * bColumn) as usize << 2), width, block, bRow, bColumn);
      for (let tile = 0; tile < tiles; tile++) {
        const i = tile * TILE_ROWS;
        const height = min(TILE_ROWS, rows - i);
        const target = c + ((i * cRow + j) as usize << 2);
        const source = packedA + ((tile * TILE_ROWS * block) as usize << 2);
        if (height == TILE_ROWS && width == TILE_COLUMNS) {
          multiplyTile(source, packedB, block, target, cRow, k0 > 0);
        } else {
          multiplyTile(source, packedB, block, edge, TILE_COLUMNS, false);
          for (let r = 0; r < height; r++) {
            for (let s = 0; s < width; s++) {
              const at = target + ((r * cRow + s) as usize << 2);
              const value = load<f32>(edge + ((r * TILE_COLUMNS + s) as usize << 2));
              store<f32>(at, k0 > 0 ? load<f32>(at) + value : value);
            }
          }
        }
      }
    }
  }
}

/** Row tiles as [tile][k][4], missing rows zero. */
function packRows(target: usize, a: usize, rows: i32, depth: i32, aRow: i32, aColumn: i32): void {
  for (let i = 0; i < rows; i += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - i);
    const source = a + ((i * aRow) as usize << 2);
    packPanel(target, TILE_ROWS, source, height, depth, aRow, aColumn);
    target += (TILE_ROWS * depth) as usize << 2;
  }
}

/** One panel of columns as [k][8], missing columns zero. */
function packColumns(target: usize, b: usize, width: i32, depth: i32, bRow: i32, bColumn: i32): void {
  if (width > 4) {
    packPanelHalf(target, b, 4, depth, bColumn, bRow);
    packPanelHalf(target + 16, b + ((4 * bColumn) as usize << 2), width - 4, depth, bColumn, bRow);
  } else {
    packPanelHalf(target, b, width, depth, bColumn, bRow);
    const zero = f32x4.splat(0);
    for (let k = 0; k < depth; k++) v128.store(target + 16 + ((k * TILE_COLUMNS) as usize << 2), zero);
  }
}

// @ts-ignore: decorator
@inline
function packPanelHalf(target: usize, source: usize, lanes: i32, depth: i32, laneStride: i32, depthStride: i32): void {
  packPanel(target, TILE_COLUMNS, source, lanes, depth, laneStride, depthStride);
}

/** Four lanes side by side for every k, at a pitch of `pitch` elements; missing lanes are zero. */
function packPanel(
  target: usize, pitch: i32, source: usize, lanes: i32, depth: i32, laneStride: i32, depthStride: i32,
): void {
  const step = (pitch as usize) << 2;
  if (lanes == 4 && laneStride == 1) {
    const stride = (depthStride as usize) << 2;
    for (let k = 0; k < depth; k++) {
      v128.store(target, v128.load(source));
      target += step;
      source += stride;
    }
  } else if (lanes == 4 && depthStride == 1) {
    const stride = (laneStride as usize) << 2;
    let k = 0;
    for (; k + 4 <= depth; k += 4) {
      const r0 = v128.load(source);
      const r1 = v128.load(source + stride);
      const r2 = v128.load(source + 2 * stride);
      const r3 = v128.load(source + 3 * stride);
      const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
      v128.store(target + step, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7));
      v128.store(target + 2 * step, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5));
      v128.store(target + 3 * step, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7));
      source += 16;
      target += 4 * step;
    }
    for (; k < depth; k++) {
      for (let lane = 0; lane < 4; lane++)
        store<f32>(target + ((lane as usize) << 2), load<f32>(source + (lane as usize) * stride));
      source += 4;
      target += step;
    }
  } else {
    for (let k = 0; k < depth; k++) {
      for (let lane = 0; lane < 4; lane++) {
        const value: f32 =
          lane < lanes ? load<f32>(source + ((k * depthStride + lane * laneStride) as usize << 2)) : 0;
        store<f32>(target + ((lane as usize) << 2), value);
      }
      target += step;
    }
  }
}

/** The 4 × 8 register tile: c (+)= Σ_k a[k][0..4) ⊗ b[k][0..8). */
function multiplyTile(a: usize, b: usize, depth: i32, c: usize, cRow: i32, accumulate: bool): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    a += 16;
    b += 32;
  }
  const stride = (cRow as usize) << 2;
  if (accumulate) {
    c00 = f32x4.add(v128.load(c), c00);
    c01 = f32x4.add(v128.load(c, 16), c01);
    c10 = f32x4.add(v128.load(c + stride), c10);
    c11 = f32x4.add(v128.load(c + stride, 16), c11);
    c20 = f32x4.add(v128.load(c + 2 * stride), c20);
    c21 = f32x4.add(v128.load(c + 2 * stride, 16), c21);
    c30 = f32x4.add(v128.load(c + 3 * stride), c30);
    c31 = f32x4.add(v128.load(c + 3 * stride, 16), c31);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
}

/**
 * AdamW (Loshchilov & Hutter 2019) over elements [start, end), in the order of operations of PyTorch's single-tensor
 * form. `decay` = 1 − learningRate·weightDecay; `stepSize` = learningRate / (1 − β1ᵗ); `root` = √(1 − β2ᵗ).
 */
export function adamw(
  parameter: usize, gradient: usize, mean: usize, square: usize, start: i32, end: i32,
  decay: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32, root: f32, epsilon: f32, stepSize: f32,
): void {
  let i = start;
  const decays = f32x4.splat(decay), keep = f32x4.splat(oneMinusBeta1);
  const beta = f32x4.splat(beta2), fresh = f32x4.splat(oneMinusBeta2);
  const roots = f32x4.splat(root), small = f32x4.splat(epsilon), size = f32x4.splat(stepSize);
  for (; i + 4 <= end; i += 4) {
    const at = (i as usize) << 2;
    const g = v128.load(gradient + at);
    const m0 = v128.load(mean + at);
    const m = f32x4.add(m0, f32x4.mul(f32x4.sub(g, m0), keep));
    const v = f32x4.add(f32x4.mul(v128.load(square + at), beta), f32x4.mul(f32x4.mul(g, g), fresh));
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(v), roots), small);
    const p = f32x4.mul(v128.load(parameter + at), decays);
    v128.store(mean + at, m);
    v128.store(square + at, v);
    v128.store(parameter + at, f32x4.sub(p, f32x4.mul(size, f32x4.div(m, denominator))));
  }
  for (; i < end; i++) {
    const at = (i as usize) << 2;
    const g = load<f32>(gradient + at);
    const m0 = load<f32>(mean + at);
    const m: f32 = m0 + (g - m0) * oneMinusBeta1;
    const v: f32 = load<f32>(square + at) * beta2 + g * g * oneMinusBeta2;
    const denominator: f32 = sqrt<f32>(v) / root + epsilon;
    store<f32>(mean + at, m);
    store<f32>(square + at, v);
    store<f32>(parameter + at, load<f32>(parameter + at) * decay - stepSize * (m / denominator));
  }
}

/** Sum of squares of `count` elements, in float64. */
export function sumOfSquares(values: usize, count: i32): f64 {
  let sum0 = f64x2.splat(0), sum1 = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(values + ((i as usize) << 2));
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
    sum0 = f64x2.add(sum0, f64x2.mul(low, low));
    sum1 = f64x2.add(sum1, f64x2.mul(high, high));
  }
  const sums = f64x2.add(sum0, sum1);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; i < count; i++) {
    const value = load<f32>(values + ((i as usize) << 2)) as f64;
    sum += value * value;
  }
  return sum;
}
