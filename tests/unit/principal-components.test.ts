import { PCA } from 'ml-pca';
import { expect, test } from 'vitest';
import { principalComponents } from '../../src/experiments/principal-components.ts';
import { Rng } from '../../src/lib/rng.ts';

test('the scores are those of an exact decomposition, up to the sign of an axis', () => {
  const [n, width, count] = [120, 40, 4];
  const rng = Rng.fromSeed(2, 'rows');
  const hidden = Array.from({ length: 5 * width }, () => rng.nextGaussian());
  const rows = new Float32Array(n * width);
  for (let row = 0; row < n; row += 1) {
    const weights = [9, 6, 4, 2, 1].map((scale) => scale * rng.nextGaussian());
    for (let d = 0; d < width; d += 1)
      rows[row * width + d] =
        3 +
        weights.reduce((sum, weight, k) => sum + weight * hidden[k * width + d]!, 0) +
        0.3 * rng.nextGaussian();
  }
  const exact = new PCA(
    Array.from({ length: n }, (_, row) => [...rows.subarray(row * width, (row + 1) * width)]),
  )
    .predict(
      Array.from({ length: n }, (_, row) => [...rows.subarray(row * width, (row + 1) * width)]),
      {
        nComponents: count,
      },
    )
    .to2DArray();
  const scores = principalComponents(rows, width, count);
  for (let k = 0; k < count; k += 1) {
    const sign = Math.sign(exact[0]![k]! * scores[k]!);
    const largest = Math.max(...exact.map((row) => Math.abs(row[k]!)));
    for (let row = 0; row < n; row += 1)
      expect(Math.abs(sign * scores[row * count + k]! - exact[row]![k]!) / largest).toBeLessThan(1e-4);
  }
  expect(principalComponents(rows, width, count)).toEqual(scores);
});

test('fewer rows than components, or rows all alike, give zeros instead of NaN', () => {
  expect([...principalComponents(new Float32Array([1, 2, 3]), 3, 2)]).toEqual([0, 0]);
  expect(
    [...principalComponents(new Float32Array([1, 2, 1, 2, 1, 2]), 2, 2)].every((value) => value === 0),
  ).toBe(true);
});
