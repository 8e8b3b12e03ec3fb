/**
 * Soft-target cross-entropy over `[B, C]` rows, sums in float64: returns −Σ targets · log softmax(logits) and fills
 * its gradient, (Σ_c targets) · softmax − targets.
 */
export function crossEntropyRows(
  logits: Float32Array,
  targets: Float32Array,
  width: number,
  gradient: Float32Array,
): number {
  let loss = 0;
  for (let start = 0; start < gradient.length; start += width) {
    const largest = logits[start + largestAt(logits, start, width)]!;
    let sum = 0;
    for (let i = start; i < start + width; i += 1) sum += Math.exp(logits[i]! - largest);
    const logSum = Math.log(sum);
    let mass = 0;
    for (let i = start; i < start + width; i += 1) {
      const target = targets[i]!;
      mass += target;
      if (target !== 0) loss -= target * (logits[i]! - largest - logSum);
    }
    for (let i = start; i < start + width; i += 1)
      gradient[i] = (mass * Math.exp(logits[i]! - largest)) / sum - targets[i]!;
  }
  return loss;
}

/** Position of the first largest entry of a row. */
export function largestAt(values: Float32Array, start: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i += 1) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}

/** Rows whose largest logit stands at their label. */
export function countCorrect(logits: Float32Array, labels: Int32Array, width: number): number {
  let correct = 0;
  labels.forEach((label, row) => {
    if (largestAt(logits, row * width, width) === label) correct += 1;
  });
  return correct;
}
