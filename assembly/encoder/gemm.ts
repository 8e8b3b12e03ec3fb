// Matrix products on tfjs's wasm heap. Every pointer is a byte offset; every matrix is float32, row-major.

import { gelu4, multiplyAdd } from './math';

/** Rows and columns of one register tile: twelve accumulators, two of B, one of A in the fifteen that V8 gives. */
const tileRows: i32 = 6;
const panelColumns: i32 = 8;

/** Depth at which a panel of B (16 KiB) and a tile's rows of A (12 KiB) stay in the first-level cache. */
const depthBlock: i32 = 512;

/** What is done to a tile when its sum is complete. */
const applyGelu: i32 = 1;

/**
 * C = A·B + bias (+ residual), or gelu(A·B + bias), for rows [rowStart, rowEnd) and panels [panelStart, panelEnd).
 * B lies in panels of eight columns: `[N/8, K, 8]`. `bias` and `residual` may be 0; residual has C's layout.
 * A row's sums do not depend on which rows or threads it is computed with.
 */
export function gemmBlock(
  a: usize,
  strideA: usize,
  b: usize,
  bias: usize,
  residual: usize,
  c: usize,
  strideC: usize,
  depth: i32,
  flags: i32,
  rowStart: i32,
  rowEnd: i32,
  panelStart: i32,
  panelEnd: i32,
): void {
  for (let k0: i32 = 0; k0 < depth; k0 += depthBlock) {
    const kc = min(depthBlock, depth - k0);
    const isLast = k0 + kc == depth;
    for (let panel = panelStart; panel < panelEnd; panel++) {
      const panelB = b + ((<usize>panel * <usize>depth + <usize>k0) << 5);
      const panelBias = bias ? bias + (<usize>panel << 5) : 0;
      for (let row = rowStart; row < rowEnd; row += tileRows) {
        const rows = min(tileRows, rowEnd - row);
        // Rows beyond the end repeat the last one and are not stored.
        const a0 = a + <usize>row * strideA + (<usize>k0 << 2);
        const a1 = rows > 1 ? a0 + strideA : a0;
        const a2 = rows > 2 ? a1 + strideA : a1;
        const a3 = rows > 3 ? a2 + strideA : a2;
        const a4 = rows > 4 ? a3 + strideA : a3;
        const a5 = rows > 5 ? a4 + strideA : a4;
        const c0 = c + <usize>row * strideC + (<usize>panel << 5);
        const fromC = residual && isLast ? residual + (c0 - c) : 0;
        tile(a0, a1, a2, a3, a4, a5, panelB, kc, c0, strideC, rows, k0 == 0, isLast, panelBias, fromC, flags);
      }
    }
  }
}

function tile(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  a4: usize,
  a5: usize,
  b: usize,
  depth: i32,
  c: usize,
  strideC: usize,
  rows: i32,
  isFirst: bool,
  isLast: bool,
  bias: usize,
  residual: usize,
  flags: i32,
): void {
  let s00: v128, s01: v128, s10: v128, s11: v128, s20: v128, s21: v128;
  let s30: v128, s31: v128, s40: v128, s41: v128, s50: v128, s51: v128;
  if (isFirst) {
    const left = bias ? v128.load(bias) : f32x4.splat(0);
    const right = bias ? v128.load(bias, 16) : f32x4.splat(0);
    s00 = left; s10 = left; s20 = left; s30 = left; s40 = left; s50 = left;
    s01 = right; s11 = right; s21 = right; s31 = right; s41 = right; s51 = right;
  } else {
    const c1 = rows > 1 ? c + strideC : c;
    const c2 = rows > 2 ? c1 + strideC : c1;
    const c3 = rows > 3 ? c2 + strideC : c2;
    const c4 = rows > 4 ? c3 + strideC : c3;
    const c5 = rows > 5 ? c4 + strideC : c4;
    s00 = v128.load(c); s01 = v128.load(c, 16);
    s10 = v128.load(c1); s11 = v128.load(c1, 16);
    s20 = v128.load(c2); s21 = v128.load(c2, 16);
    s30 = v128.load(c3); s31 = v128.load(c3, 16);
    s40 = v128.load(c4); s41 = v128.load(c4, 16);
    s50 = v128.load(c5); s51 = v128.load(c5, 16);
  }

  let k = depth;
  while (k >= 4) {
    let x: v128;
    let left = v128.load(b);
    let right = v128.load(b, 16);
    x = v128.load32_splat(a0); s00 = multiplyAdd(x, left, s00); s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(a1); s10 = multiplyAdd(x, left, s10); s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(a2); s20 = multiplyAdd(x, left, s20); s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(a3); s30 = multiplyAdd(x, left, s30); s31 = multiplyAdd(x, right, s31);
    x = v128.load32_splat(a4); s40 = multiplyAdd(x, left, s40); s41 = multiplyAdd(x, right, s41);
    x = v128.load32_splat(a5); s50 = multiplyAdd(x, left, s50); s51 = multiplyAdd(x, right, s51);

    left = v128.load(b, 32);
    right = v128.load(b, 48);
    x = v128.load32_splat(a0, 4); s00 = multiplyAdd(x, left, s00); s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(a1, 4); s10 = multiplyAdd(x, left, s10); s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(a2, 4); s20 = multiplyAdd(x, left, s20); s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(a3, 4); s30 = multiplyAdd(x, left, s30); s31 = multiplyAdd(x, right, s31);
    x = v128.load32_splat(a4, 4); s40 = multiplyAdd(x, left, s40); s41 = multiplyAdd(x, right, s41);
    x = v128.load32_splat(a5, 4); s50 = multiplyAdd(x, left, s50); s51 = multiplyAdd(x, right, s51);

    left = v128.load(b, 64);
    right = v128.load(b, 80);
    x = v128.load32_splat(a0, 8); s00 = multiplyAdd(x, left, s00); s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(a1, 8); s10 = multiplyAdd(x, left, s10); s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(a2, 8); s20 = multiplyAdd(x, left, s20); s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(a3, 8); s30 = multiplyAdd(x, left, s30); s31 = multiplyAdd(x, right, s31);
    x = v128.load32_splat(a4, 8); s40 = multiplyAdd(x, left, s40); s41 = multiplyAdd(x, right, s41);
    x = v128.load32_splat(a5, 8); s50 = multiplyAdd(x, left, s50); s51 = multiplyAdd(x, right, s51);

    left = v128.load(b, 96);
    right = v128.load(b, 112);
    x = v128.load32_splat(a0, 12); s00 = multiplyAdd(x, left, s00); s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(a1, 12); s10 = multiplyAdd(x, left, s10); s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(a2, 12); s20 = multiplyAdd(x, left, s20); s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(a3, 12); s30 = multiplyAdd(x, left, s30); s31 = multiplyAdd(x, right, s31);
    x = v128.load32_splat(a4, 12); s40 = multiplyAdd(x, left, s40); s41 = multiplyAdd(x, right, s41);
    x = v128.load32_splat(a5, 12); s50 = multiplyAdd(x, left, s50); s51 = multiplyAdd(x, right, s51);

    a0 += 16; a1 += 16; a2 += 16; a3 += 16; a4 += 16; a5 += 16;
    b += 128;
    k -= 4;
  }
  while (k > 0) {
    let x: v128;
    const left = v128.load(b);
    const right = v128.load(b, 16);
    x = v128.load32_splat(a0); s00 = multiplyAdd(x, left, s00); s01 = multiplyAdd(x, right, s01);
    x = v128.load32_splat(a1); s10 = multiplyAdd(x, left, s10); s11 = multiplyAdd(x, right, s11);
    x = v128.load32_splat(a2); s20 = multiplyAdd(x, left, s20); s21 = multiplyAdd(x, right, s21);
    x = v128.load32_splat(a3); s30 = multiplyAdd(x, left, s30); s31 = multiplyAdd(x, right, s31);
    x = v128.load32_splat(a4); s40 = multiplyAdd(x, left, s40); s41 = multiplyAdd(x, right, s41);
    x = v128.load32_splat(a5); s50 = multiplyAdd(x, left, s50); s51 = multiplyAdd(x, right, s51);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4;
    b += 32;
    k--;
  }

  const gelu = isLast && (flags & applyGelu) != 0;
  store(c, residual, s00, s01, gelu);
  if (rows < 2) return;
  c += strideC;
  if (residual) residual += strideC;
  store(c, residual, s10, s11, gelu);
  if (rows < 3) return;
  c += strideC;
  if (residual) residual += strideC;
  store(c, residual, s20, s21, gelu);
  if (rows < 4) return;
  c += strideC;
  if (residual) residual += strideC;
  store(c, residual, s30, s31, gelu);
  if (rows < 5) return;
  c += strideC;
  if (residual) residual += strideC;
  store(c, residual, s40, s41, gelu);
  if (rows < 6) return;
  c += strideC;
  if (residual) residual += strideC;
  store(c, residual, s50, s51, gelu);
}

@inline
function store(c: usize, residual: usize, left: v128, right: v128, gelu: bool): void {
  if (gelu) {
    left = gelu4(left);
    right = gelu4(right);
  }
  if (residual) {
    left = f32x4.add(left, v128.load(residual));
    right = f32x4.add(right, v128.load(residual, 16));
  }
  v128.store(c, left);
  v128.store(c, right, 16);
}

/**
 * Tasks [start, end) of a batch of products. A task is one block of rows by one block of panels of one batch item;
 * the items lie `batchA`, `batchB`, `batchBias` and `batchC` bytes apart.
 */
export function gemm(
  a: usize,
  strideA: usize,
  batchA: usize,
  b: usize,
  batchB: usize,
  bias: usize,
  batchBias: usize,
  residual: usize,
  c: usize,
  strideC: usize,
  batchC: usize,
  rows: i32,
  panels: i32,
  depth: i32,
  flags: i32,
  rowBlock: i32,
  panelBlock: i32,
  start: i32,
  end: i32,
): void {
  const rowBlocks = (rows + rowBlock - 1) / rowBlock;
  const panelBlocks = (panels + panelBlock - 1) / panelBlock;
  const perItem = rowBlocks * panelBlocks;
  for (let task = start; task < end; task++) {
    const item = <usize>(task / perItem);
    const within = task % perItem;
    const row = (within / panelBlocks) * rowBlock;
    const panel = (within % panelBlocks) * panelBlock;
    gemmBlock(
      a + item * batchA,
      strideA,
      b + item * batchB,
      bias ? bias + item * batchBias : 0,
      residual ? residual + item * batchC : 0,
      c + item * batchC,
      strideC,
      depth,
      flags,
      row,
      min(row + rowBlock, rows),
      panel,
      min(panel + panelBlock, panels),
    );
  }
}
