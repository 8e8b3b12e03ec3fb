/**
 * Curves of a detector that accepts a trial when its score is at least a threshold. Trials with equal scores are
 * accepted together. Points go from "nothing accepted" (threshold +∞) to "everything accepted".
 */
export interface DetectionCurve {
  readonly thresholds: Float64Array;
  /** False accepts over non-target trials (false positive rate). */
  readonly falseAccept: Float64Array;
  /** False rejects over target trials (1 − true positive rate). */
  readonly falseReject: Float64Array;
  readonly targets: number;
  readonly nonTargets: number;
}

export interface EqualErrorRate {
  readonly eer: number;
  /** Score at which both errors are equal, interpolated like the rate. */
  readonly threshold: number;
  readonly targets: number;
  readonly nonTargets: number;
}

export const eerDefinition =
  'Equal error rate: the rate at which false accepts and false rejects are equal, by linear interpolation between neighbouring operating points of the ROC.';

/** ROC and DET are two drawings of this curve; null when there are no targets or no non-targets. */
export function detectionCurve(
  scores: ArrayLike<number>,
  isTarget: ArrayLike<number | boolean>,
): DetectionCurve | null {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[b]! - scores[a]!,
  );
  let targets = 0;
  for (let i = 0; i < scores.length; i += 1) if (isTarget[i]) targets += 1;
  const nonTargets = scores.length - targets;
  if (targets === 0 || nonTargets === 0) return null;
  const thresholds = [Infinity];
  const falseAccept = [0];
  const falseReject = [1];
  let [hits, alarms] = [0, 0];
  for (let i = 0; i < order.length; i += 1) {
    const at = order[i]!;
    if (isTarget[at]) hits += 1;
    else alarms += 1;
    const next = order[i + 1];
    if (next !== undefined && scores[next] === scores[at]) continue;
    thresholds.push(scores[at]!);
    falseAccept.push(alarms / nonTargets);
    falseReject.push(1 - hits / targets);
  }
  return {
    thresholds: Float64Array.from(thresholds),
    falseAccept: Float64Array.from(falseAccept),
    falseReject: Float64Array.from(falseReject),
    targets,
    nonTargets,
  };
}

/** See {@link eerDefinition}. */
export function equalErrorRate(curve: DetectionCurve): EqualErrorRate {
  const { thresholds, falseAccept, falseReject, targets, nonTargets } = curve;
  let i = 1;
  while (i < thresholds.length - 1 && falseAccept[i]! < falseReject[i]!) i += 1;
  const before = falseReject[i - 1]! - falseAccept[i - 1]!;
  const after = falseReject[i]! - falseAccept[i]!;
  const part = before / (before - after);
  const eer = falseAccept[i - 1]! + part * (falseAccept[i]! - falseAccept[i - 1]!);
  const upper = Number.isFinite(thresholds[i - 1]!) ? thresholds[i - 1]! : thresholds[i]!;
  return { eer, threshold: upper + part * (thresholds[i]! - upper), targets, nonTargets };
}

/** Area under the ROC by trapezoids. */
export function areaUnderRoc({ falseAccept, falseReject }: DetectionCurve): number {
  let area = 0;
  for (let i = 1; i < falseAccept.length; i += 1)
    area += (falseAccept[i]! - falseAccept[i - 1]!) * (1 - (falseReject[i]! + falseReject[i - 1]!) / 2);
  return area;
}
