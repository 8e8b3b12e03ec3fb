/** Counts of a classifier's answers: `matrix[truth · classes + prediction]`. */
export interface ConfusionMatrix {
  readonly classes: number;
  readonly counts: Int32Array;
}

export interface ClassScores {
  /** 0 where the class was never predicted. */
  readonly precision: number;
  /** 0 where the class never occurs. */
  readonly recall: number;
  readonly f1: number;
  /** Examples of the class. */
  readonly support: number;
}

export interface ClassificationScores {
  readonly accuracy: number;
  /** Unweighted average recall over the classes that occur (scikit-learn's balanced accuracy). */
  readonly uar: number;
  /** Mean F1 over the classes that occur or are predicted (scikit-learn's macro average). */
  readonly macroF1: number;
  readonly perClass: readonly ClassScores[];
}

export function confusionMatrix(
  truth: Int32Array,
  predictions: Int32Array,
  classes: number,
): ConfusionMatrix {
  const counts = new Int32Array(classes * classes);
  truth.forEach((label, i) => {
    counts[label * classes + predictions[i]!]! += 1;
  });
  return { classes, counts };
}

export function classificationScores({ classes, counts }: ConfusionMatrix): ClassificationScores {
  const perClass: ClassScores[] = [];
  let [right, total, recalls, occurring, f1s, seen] = [0, 0, 0, 0, 0, 0];
  for (let c = 0; c < classes; c += 1) {
    let [support, predicted] = [0, 0];
    for (let other = 0; other < classes; other += 1) {
      support += counts[c * classes + other]!;
      predicted += counts[other * classes + c]!;
    }
    const hits = counts[c * classes + c]!;
    const precision = predicted > 0 ? hits / predicted : 0;
    const recall = support > 0 ? hits / support : 0;
    const f1 = support + predicted > 0 ? (2 * hits) / (support + predicted) : 0;
    perClass.push({ precision, recall, f1, support });
    right += hits;
    total += support;
    if (support > 0) {
      occurring += 1;
      recalls += recall;
    }
    if (support + predicted > 0) {
      seen += 1;
      f1s += f1;
    }
  }
  return {
    accuracy: right / Math.max(1, total),
    uar: recalls / Math.max(1, occurring),
    macroF1: f1s / Math.max(1, seen),
    perClass,
  };
}
