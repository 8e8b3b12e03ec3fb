import { Rng } from '../lib/rng.ts';
import { TrainingConfigError } from './errors.ts';

/** Which examples an epoch shows, in which order. */
export interface SamplerConfig {
  /** How often each class is drawn against the others; null takes every example once. */
  readonly classWeights: readonly number[] | null;
  /** At most this many examples of a class in an epoch (another draw each epoch); null for no cap. */
  readonly capPerClass: number | null;
}

export const everyExampleOnce: SamplerConfig = { classWeights: null, capPerClass: null };

/** Where the sampler stands; plain JSON. The order of an epoch follows from seed and epoch alone. */
export interface SamplerState {
  readonly seed: number;
  readonly epoch: number;
  /** Examples of this epoch that are already used. */
  readonly cursor: number;
}

/** @throws TrainingConfigError when no example could ever be drawn. */
export function validateSampler(config: SamplerConfig, classCounts: readonly number[]): void {
  if (config.capPerClass !== null && !(Number.isInteger(config.capPerClass) && config.capPerClass > 0))
    throw new TrainingConfigError(
      `The cap per class has to be a whole number above 0, not ${config.capPerClass}.`,
    );
  if (!config.classWeights) return;
  if (config.classWeights.length !== classCounts.length)
    throw new TrainingConfigError(
      `There are ${classCounts.length} classes, but ${config.classWeights.length} sampling weights.`,
    );
  if (config.classWeights.some((weight) => !(weight >= 0 && Number.isFinite(weight))))
    throw new TrainingConfigError('Sampling weights have to be numbers of at least 0.');
  if (!config.classWeights.some((weight, label) => weight > 0 && (classCounts[label] ?? 0) > 0))
    throw new TrainingConfigError('All classes have sampling weight 0, so no example would be drawn.');
}

/**
 * Positions into `labels` in the order of one epoch, from seed and epoch alone. Without weights: a permutation (after
 * the cap). With weights: as many draws with replacement, a class with probability weight · count, then one of its
 * examples.
 */
export function epochOrder(
  config: SamplerConfig,
  labels: Int32Array,
  classes: number,
  seed: number,
  epoch: number,
): Int32Array {
  const rng = Rng.fromSeed(seed, 'sampler', epoch);
  let order = shuffled(
    Int32Array.from(labels, (_, i) => i),
    rng,
  );
  if (config.capPerClass !== null) {
    const taken = new Int32Array(classes);
    const cap = config.capPerClass;
    order = order.filter((i) => (taken[labels[i]!]! += 1) <= cap);
  }
  return config.classWeights ? weightedDraws(order, labels, config.classWeights, rng) : order;
}

/** How many examples an epoch shows. */
export function epochLength(config: SamplerConfig, classCounts: readonly number[]): number {
  const cap = config.capPerClass ?? Infinity;
  return classCounts.reduce((sum, count) => sum + Math.min(cap, count), 0);
}

function weightedDraws(
  pool: Int32Array,
  labels: Int32Array,
  weights: readonly number[],
  rng: Rng,
): Int32Array {
  const members: number[][] = weights.map(() => []);
  for (const i of pool) members[labels[i]!]!.push(i);
  const cumulative: number[] = [];
  let total = 0;
  members.forEach((list, label) => {
    total += list.length * weights[label]!;
    cumulative.push(total);
  });
  return pool.map(() => {
    const draw = rng.nextFloat() * total;
    const list = members[cumulative.findIndex((bound) => draw < bound)] ?? members.at(-1)!;
    return list[rng.nextInt(list.length)]!;
  });
}

/** Fisher–Yates, in place. */
export function shuffled(values: Int32Array, rng: Rng): Int32Array {
  for (let i = values.length - 1; i > 0; i -= 1) {
    const j = rng.nextInt(i + 1);
    const held = values[i]!;
    values[i] = values[j]!;
    values[j] = held;
  }
  return values;
}
