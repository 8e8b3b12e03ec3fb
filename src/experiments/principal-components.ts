import { Rng } from '../lib/rng.ts';

/** Extra directions that make the wanted ones accurate, and how often the subspace is turned. */
const OVERSAMPLING = 8;
const ITERATIONS = 12;

/**
 * The first principal components of `[N, D]` rows: scores `[N, count]`, by randomised subspace iteration (Halko,
 * Martinsson & Tropp 2011, algorithm 4.4) with a fixed seed. Each axis points so that its largest loading is positive.
 */
export function principalComponents(
  rows: Float32Array,
  width: number,
  count: number,
  seed = 1,
): Float32Array {
  const n = rows.length / width;
  const rank = Math.min(count + OVERSAMPLING, width, n);
  const means = new Float64Array(width);
  for (let i = 0; i < rows.length; i += 1) means[i % width]! += rows[i]!;
  for (let d = 0; d < width; d += 1) means[d]! /= n;
  const rng = Rng.fromSeed(seed, 'components');
  let basis = Float64Array.from({ length: rank * width }, () => rng.nextGaussian());
  orthonormalise(basis, rank, width);
  for (let turn = 0; turn < ITERATIONS; turn += 1) {
    basis = covarianceTimes(rows, means, basis, rank, width);
    orthonormalise(basis, rank, width);
  }
  const axes = rotate(basis, covarianceTimes(rows, means, basis, rank, width), rank, width);
  const scores = new Float32Array(n * count);
  for (let k = 0; k < Math.min(count, rank); k += 1) {
    const axis = axes.subarray(k * width, (k + 1) * width);
    const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    const sign = largest < 0 ? -1 : 1;
    for (let row = 0; row < n; row += 1) {
      let sum = 0;
      for (let d = 0; d < width; d += 1) sum += (rows[row * width + d]! - means[d]!) * axis[d]!;
      scores[row * count + k] = sign * sum;
    }
  }
  return scores;
}

/** Σ x (xᵀ b) over centred rows x, for every row b of `basis` `[rank, D]`. */
function covarianceTimes(
  rows: Float32Array,
  means: Float64Array,
  basis: Float64Array,
  rank: number,
  width: number,
): Float64Array<ArrayBuffer> {
  const product = new Float64Array(rank * width);
  const centred = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width) {
    for (let d = 0; d < width; d += 1) centred[d] = rows[start + d]! - means[d]!;
    for (let k = 0; k < rank; k += 1) {
      const at = k * width;
      let dot = 0;
      for (let d = 0; d < width; d += 1) dot += centred[d]! * basis[at + d]!;
      for (let d = 0; d < width; d += 1) product[at + d]! += dot * centred[d]!;
    }
  }
  return product;
}

/** Gram–Schmidt, twice for accuracy, in place. */
function orthonormalise(basis: Float64Array, rank: number, width: number): void {
  for (let k = 0; k < rank; k += 1) {
    const own = basis.subarray(k * width, (k + 1) * width);
    for (let pass = 0; pass < 2; pass += 1)
      for (let other = 0; other < k; other += 1) {
        const axis = basis.subarray(other * width, (other + 1) * width);
        const dot = own.reduce((sum, value, d) => sum + value * axis[d]!, 0);
        for (let d = 0; d < width; d += 1) own[d]! -= dot * axis[d]!;
      }
    const length = Math.hypot(...own);
    for (let d = 0; d < width; d += 1) own[d] = length > 1e-300 ? own[d]! / length : 0;
  }
}

/** Turns the basis to the eigenvectors of the covariance within it, largest first (cyclic Jacobi). */
function rotate(basis: Float64Array, image: Float64Array, rank: number, width: number): Float64Array {
  const small = Array.from({ length: rank }, (_, i) =>
    Float64Array.from({ length: rank }, (_unused, j) => {
      let sum = 0;
      for (let d = 0; d < width; d += 1) sum += basis[i * width + d]! * image[j * width + d]!;
      return sum;
    }),
  );
  const turned = Array.from({ length: rank }, (_, i) =>
    Float64Array.from({ length: rank }, (_unused, j) => (i === j ? 1 : 0)),
  );
  for (let sweep = 0; sweep < 60; sweep += 1)
    for (let p = 0; p < rank; p += 1)
      for (let q = p + 1; q < rank; q += 1) {
        const off = small[p]![q]!;
        if (Math.abs(off) <= 1e-15 * Math.sqrt(Math.abs(small[p]![p]! * small[q]![q]!))) continue;
        const theta = (small[q]![q]! - small[p]![p]!) / (2 * off);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const [c, s] = [1 / Math.hypot(t, 1), t / Math.hypot(t, 1)];
        for (const matrix of [small, turned])
          for (const row of matrix) {
            const [x, y] = [row[p]!, row[q]!];
            row[p] = c * x - s * y;
            row[q] = s * x + c * y;
          }
        for (let j = 0; j < rank; j += 1) {
          const [x, y] = [small[p]![j]!, small[q]![j]!];
          small[p]![j] = c * x - s * y;
          small[q]![j] = s * x + c * y;
        }
      }
  const order = Array.from({ length: rank }, (_, i) => i).sort((a, b) => small[b]![b]! - small[a]![a]!);
  const axes = new Float64Array(rank * width);
  order.forEach((from, to) => {
    for (let i = 0; i < rank; i += 1)
      for (let d = 0; d < width; d += 1) axes[to * width + d]! += turned[i]![from]! * basis[i * width + d]!;
  });
  return axes;
}
