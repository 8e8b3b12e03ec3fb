import { eerDefinition, type DetectionCurve, type EqualErrorRate } from '../../training/metrics/detection.ts';
import type { Evaluation } from '../../training/metrics/evaluation.ts';
import type { CurveData, EvaluationResult } from '../training-protocol.ts';

const MOST_POINTS = 1000;

/** An evaluation as the page takes it. `paths` and `labels` stand in the order of its rows. */
export function evaluationResult(
  evaluation: Evaluation,
  of: {
    readonly run: string;
    readonly checkpoint: string;
    readonly part: EvaluationResult['part'];
    readonly classes: readonly string[];
    readonly paths: readonly string[];
    readonly labels: Int32Array;
    readonly layerWeights: readonly number[] | null;
  },
): EvaluationResult {
  const { classes } = of;
  const { summary, count, confusion, scores, perClass, pooled, probabilities, predictions } = evaluation;
  return {
    run: of.run,
    checkpoint: of.checkpoint,
    part: of.part,
    summary,
    count,
    classes,
    confusion: [...confusion.counts],
    perClass: scores.perClass.map((one, c) => ({ ...one, eer: perClass?.[c]?.eer.eer ?? null })),
    curves: classes.map((_, c) => curveData(perClass?.[c])),
    pooled: curveData(pooled),
    eerDefinition,
    layerWeights: of.layerWeights,
    examples: of.paths.map((path, row) => {
      const prediction = predictions[row]!;
      const confidence = probabilities[row * classes.length + prediction]!;
      return { path, truth: of.labels[row]!, prediction, confidence };
    }),
  };
}

/** At most 1,000 points of a curve, its ends among them. */
function curveData(
  found: { readonly curve: DetectionCurve; readonly eer: EqualErrorRate } | null | undefined,
): CurveData | null {
  if (!found) return null;
  const { curve, eer } = found;
  const { length } = curve.falseAccept;
  const points = Math.min(length, MOST_POINTS);
  const thin = (values: Float64Array): Float32Array =>
    Float32Array.from(
      { length: points },
      (_, i) => values[Math.round((i * (length - 1)) / Math.max(1, points - 1))]!,
    );
  return {
    falseAccept: thin(curve.falseAccept),
    falseReject: thin(curve.falseReject),
    eer: eer.eer,
    threshold: eer.threshold,
    targets: curve.targets,
    nonTargets: curve.nonTargets,
  };
}
