import { largestAt } from '../compute/cross-entropy-rows.ts';
import {
  classificationScores,
  confusionMatrix,
  type ClassificationScores,
  type ConfusionMatrix,
} from './classification.ts';
import { detectionCurve, equalErrorRate, type DetectionCurve, type EqualErrorRate } from './detection.ts';

/** Numbers that choose the best checkpoint and are drawn over the epochs; plain JSON. */
export interface MetricSummary {
  /** Mean cross-entropy, without weights and smoothing. */
  readonly loss: number;
  readonly accuracy: number;
  readonly uar: number;
  readonly macroF1: number;
  /** Two classes: of the second against the first. More: pooled one-against-rest. Null with one class only. */
  readonly eer: number | null;
}

export type MetricName = keyof MetricSummary;

/** Everything that can be said of predictions on labelled examples. */
export interface Evaluation {
  readonly summary: MetricSummary;
  readonly count: number;
  readonly confusion: ConfusionMatrix;
  readonly scores: ClassificationScores;
  /** Log-probability ratio as score for two classes, else probability of each class against the rest; null alone. */
  readonly perClass: readonly { readonly curve: DetectionCurve; readonly eer: EqualErrorRate }[] | null;
  readonly pooled: { readonly curve: DetectionCurve; readonly eer: EqualErrorRate } | null;
  /** `[N, C]`, rows sum to 1. */
  readonly probabilities: Float32Array;
  readonly predictions: Int32Array;
}

/** Softmax of `[N, C]` logits, sums in float64. */
export function probabilitiesOf(logits: Float32Array, classes: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const largest = logits[start + largestAt(logits, start, classes)]!;
    let sum = 0;
    for (let i = start; i < start + classes; i += 1) sum += Math.exp(logits[i]! - largest);
    for (let i = start; i < start + classes; i += 1) out[i] = Math.exp(logits[i]! - largest) / sum;
  }
  return out;
}

/** Evaluates `[N, C]` logits against labels (all ≥ 0). */
export function evaluateLogits(logits: Float32Array, labels: Int32Array, classes: number): Evaluation {
  const probabilities = probabilitiesOf(logits, classes);
  const predictions = labels.map((_, row) => largestAt(logits, row * classes, classes));
  const confusion = confusionMatrix(labels, predictions, classes);
  const scores = classificationScores(confusion);
  const perClass = classCurves(logits, probabilities, labels, classes);
  const pooled = classes === 2 ? (perClass?.[1] ?? null) : pooledCurve(probabilities, labels, classes);
  return {
    summary: {
      loss: meanCrossEntropy(logits, labels, classes),
      accuracy: scores.accuracy,
      uar: scores.uar,
      macroF1: scores.macroF1,
      eer: pooled?.eer.eer ?? null,
    },
    count: labels.length,
    confusion,
    scores,
    perClass,
    pooled,
    probabilities,
    predictions,
  };
}

/** True when `a` is the better value of this metric: losses and error rates go down, the others up. */
export function isBetter(metric: MetricName, a: number, b: number): boolean {
  return metric === 'loss' || metric === 'eer' ? a < b : a > b;
}

function meanCrossEntropy(logits: Float32Array, labels: Int32Array, classes: number): number {
  let total = 0;
  labels.forEach((label, row) => {
    const start = row * classes;
    const largest = logits[start + largestAt(logits, start, classes)]!;
    let sum = 0;
    for (let i = start; i < start + classes; i += 1) sum += Math.exp(logits[i]! - largest);
    total += Math.log(sum) - (logits[start + label]! - largest);
  });
  return total / Math.max(1, labels.length);
}

function classCurves(
  logits: Float32Array,
  probabilities: Float32Array,
  labels: Int32Array,
  classes: number,
): { curve: DetectionCurve; eer: EqualErrorRate }[] | null {
  const curves: { curve: DetectionCurve; eer: EqualErrorRate }[] = [];
  for (let c = 0; c < classes; c += 1) {
    const scores = Float64Array.from(labels, (_, row) =>
      classes === 2 ? logits[row * 2 + c]! - logits[row * 2 + 1 - c]! : probabilities[row * classes + c]!,
    );
    const curve = detectionCurve(
      scores,
      Array.from(labels, (label) => label === c),
    );
    if (!curve) return null;
    curves.push({ curve, eer: equalErrorRate(curve) });
  }
  return curves;
}

function pooledCurve(
  probabilities: Float32Array,
  labels: Int32Array,
  classes: number,
): { curve: DetectionCurve; eer: EqualErrorRate } | null {
  const isTarget = new Uint8Array(probabilities.length);
  labels.forEach((label, row) => {
    isTarget[row * classes + label] = 1;
  });
  const curve = detectionCurve(probabilities, isTarget);
  return curve && { curve, eer: equalErrorRate(curve) };
}
