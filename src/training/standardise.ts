import { rowSize, type Examples } from './examples.ts';

/** Mean and standard deviation of each feature over the training part; saved with the model. */
export interface Standardiser {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/**
 * Fits on the examples at `indices` alone (sums in float64, two passes; population deviation as scikit-learn's
 * StandardScaler). With frames, over all their frames. A feature that never changes gets deviation 1.
 */
export function fitStandardiser(examples: Examples, indices: Int32Array): Standardiser {
  const size = rowSize(examples.layout);
  const sums = new Float64Array(size);
  let rows = 0;
  eachRow(examples, indices, size, (start) => {
    rows += 1;
    for (let i = 0; i < size; i += 1) sums[i]! += examples.features[start + i]!;
  });
  const mean = sums.map((sum) => sum / Math.max(1, rows));
  const squares = new Float64Array(size);
  eachRow(examples, indices, size, (start) => {
    for (let i = 0; i < size; i += 1) squares[i]! += (examples.features[start + i]! - mean[i]!) ** 2;
  });
  const deviation = squares.map((square, i) => {
    const value = Math.sqrt(square / Math.max(1, rows));
    return value > 1e-7 * Math.max(1, Math.abs(mean[i]!)) ? value : 1;
  });
  return { mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) };
}

/** A standardised copy of the examples; `(x − mean) / deviation`, rounded once. */
export function standardise(examples: Examples, { mean, deviation }: Standardiser): Examples {
  const size = mean.length;
  const features = new Float32Array(examples.features.length);
  for (let start = 0; start < features.length; start += size)
    for (let i = 0; i < size; i += 1)
      features[start + i] = (examples.features[start + i]! - mean[i]!) / deviation[i]!;
  return { ...examples, features };
}

function eachRow(
  examples: Examples,
  indices: Int32Array,
  size: number,
  visit: (start: number) => void,
): void {
  for (const index of indices) {
    const first = examples.frameOffsets ? examples.frameOffsets[index]! : index;
    const end = examples.frameOffsets ? examples.frameOffsets[index + 1]! : index + 1;
    for (let row = first; row < end; row += 1) visit(row * size);
  }
}
