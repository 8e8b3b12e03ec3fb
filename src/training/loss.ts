import type { Compute, DeviceArray } from './compute/compute.ts';
import { TrainingConfigError } from './errors.ts';
import type { HeadOutput } from './heads/head.ts';
import type { Tape } from './tape.ts';

export interface LossConfig {
  /** How much each class counts: equally, inversely to its frequency in training, or as given. */
  readonly classWeights: 'none' | 'balanced' | readonly number[];
  /** ε of label smoothing, in [0, 1). */
  readonly labelSmoothing: number;
  /** Supervised contrastive term (Khosla et al. 2020, L_out), added with `weight`; null leaves it out. */
  readonly contrastive: { readonly weight: number; readonly temperature: number } | null;
}

export const plainCrossEntropy: LossConfig = { classWeights: 'none', labelSmoothing: 0, contrastive: null };

/** One weight per class; `balanced` is scikit-learn's n / (classes · count). Classes without examples get 0. */
export function classWeights(config: LossConfig, counts: readonly number[]): readonly number[] {
  if (config.classWeights === 'none') return counts.map(() => 1);
  if (config.classWeights === 'balanced') {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const present = counts.filter((count) => count > 0).length;
    return counts.map((count) => (count > 0 ? total / (present * count) : 0));
  }
  if (config.classWeights.length !== counts.length)
    throw new TrainingConfigError(
      `There are ${counts.length} classes, but ${config.classWeights.length} class weights.`,
    );
  return config.classWeights;
}

/**
 * Cross-entropy as soft targets `[B, C]`, so that loss = −Σ targets · log softmax(logits): PyTorch's definition with
 * class weights w and smoothing ε, mean over the batch weighted by w of the labels.
 */
export function softTargets(
  labels: Int32Array,
  classes: number,
  weights: readonly number[],
  smoothing: number,
): Float32Array {
  let total = 0;
  for (const label of labels) total += weights[label] ?? 0;
  const targets = new Float32Array(labels.length * classes);
  if (total === 0) return targets;
  labels.forEach((label, row) => {
    for (let c = 0; c < classes; c += 1) {
      const hard = c === label ? (1 - smoothing) * (weights[label] ?? 0) : 0;
      targets[row * classes + c] = (hard + (smoothing / classes) * (weights[c] ?? 0)) / total;
    }
  });
  return targets;
}

/**
 * Puts the loss's gradients on the head's output and returns `[2]`: the loss and the number of right answers.
 * @throws TrainingConfigError when a contrastive term is asked of a head without a trainable representation.
 */
export function applyLoss(
  tape: Tape,
  output: HeadOutput,
  labels: Int32Array,
  config: LossConfig,
  weights: readonly number[],
): DeviceArray {
  const { compute } = tape;
  const classes = weights.length;
  const targets = compute.upload(softTargets(labels, classes, weights, config.labelSmoothing), [
    labels.length,
    classes,
  ]);
  const { summary, gradient } = compute.crossEntropy(output.logits.array, targets, labels);
  tape.seed(output.logits, gradient);
  if (!config.contrastive || config.contrastive.weight === 0) return summary;
  if (!output.representation)
    throw new TrainingConfigError(
      'The contrastive term shapes a representation, and a linear head on raw embeddings has none; choose a head with a hidden layer.',
    );
  const { weight, temperature } = config.contrastive;
  const term = supervisedContrastive(compute, output.representation.array, labels, temperature);
  tape.seed(output.representation, compute.scale(term.gradient, weight));
  const onlyLoss = compute.upload(new Float32Array([weight, 0]), [2]);
  return compute.add(summary, compute.multiply(term.summary, onlyLoss));
}

/**
 * Supervised contrastive loss, L_out of Khosla et al. 2020 (eq. 2), on rows normalised to length 1; the mean is over
 * anchors that have another example of their class in the batch. Returns the loss (first of `[2]`) and its gradient.
 */
export function supervisedContrastive(
  compute: Compute,
  representation: DeviceArray,
  labels: Int32Array,
  temperature: number,
): { readonly summary: DeviceArray; readonly gradient: DeviceArray } {
  const batch = labels.length;
  const positives = new Int32Array(batch);
  for (let i = 0; i < batch; i += 1)
    for (let j = 0; j < batch; j += 1) if (i !== j && labels[i] === labels[j]) positives[i]! += 1;
  const anchors = positives.filter((count) => count > 0).length;
  const targets = new Float32Array(batch * batch);
  const itself = new Float32Array(batch * batch);
  for (let i = 0; i < batch; i += 1) {
    itself[i * batch + i] = -1e9;
    for (let j = 0; j < batch; j += 1)
      if (i !== j && labels[i] === labels[j]) targets[i * batch + j] = 1 / (positives[i]! * anchors);
  }
  const z = compute.normaliseRows(representation);
  const similarity = compute.scale(compute.matmul(z, z, false, true), 1 / temperature);
  const { summary, gradient } = compute.crossEntropy(
    compute.add(similarity, compute.upload(itself, [batch, batch])),
    compute.upload(targets, [batch, batch]),
  );
  const towardsZ = compute.add(compute.matmul(gradient, z), compute.matmul(gradient, z, true));
  return {
    summary,
    gradient: compute.normaliseRowsGradient(compute.scale(towardsZ, 1 / temperature), representation, z),
  };
}
