import { canonicalJson, type JsonValue } from '../lib/canonical-json.ts';
import type { HeadConfig } from './heads/registry.ts';
import { plainCrossEntropy, type LossConfig } from './loss.ts';
import type { MetricName } from './metrics/evaluation.ts';
import { defaultAdamW, type OptimizerConfig, validateOptimizer } from './optimizer.ts';
import { everyExampleOnce, type SamplerConfig } from './sampler.ts';
import type { ScheduleConfig } from './schedule.ts';
import { TrainingConfigError } from './errors.ts';

/** Everything about a training run that a person chooses and that decides a number. */
export interface TrainingConfig {
  readonly head: HeadConfig;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleConfig;
  readonly loss: LossConfig;
  readonly sampler: SamplerConfig;
  /** Largest norm of all gradients together; null does not clip. */
  readonly clipNorm: number | null;
  /** Standardise features with mean and deviation of the training part. */
  readonly standardise: boolean;
  /** The validation metric by which the best checkpoint is chosen. */
  readonly selectBy: MetricName;
  /** A checkpoint every so many steps inside epochs as well; null for one per epoch only. */
  readonly checkpointEverySteps: number | null;
}

export const defaultTraining: TrainingConfig = {
  head: { kind: 'linear' },
  epochs: 30,
  batchSize: 64,
  seed: 1,
  optimizer: defaultAdamW,
  schedule: { kind: 'cosine', minFactor: 0, warmupSteps: 0 },
  loss: plainCrossEntropy,
  sampler: everyExampleOnce,
  clipNorm: null,
  standardise: true,
  selectBy: 'uar',
  checkpointEverySteps: null,
};

/** @throws TrainingConfigError naming the first setting that is out of range. */
export function validateTraining(config: TrainingConfig): void {
  const whole = (value: number, what: string): void => {
    if (!Number.isInteger(value) || value < 1)
      throw new TrainingConfigError(`The ${what} has to be a whole number above 0, not ${value}.`);
  };
  whole(config.epochs, 'number of epochs');
  whole(config.batchSize, 'batch size');
  if (config.checkpointEverySteps !== null)
    whole(config.checkpointEverySteps, 'number of steps between checkpoints');
  if (!Number.isSafeInteger(config.seed))
    throw new TrainingConfigError(`The seed has to be a whole number, not ${config.seed}.`);
  if (config.clipNorm !== null && !(config.clipNorm > 0))
    throw new TrainingConfigError(`The norm to clip at has to be above 0, not ${config.clipNorm}.`);
  const { labelSmoothing, contrastive } = config.loss;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new TrainingConfigError(`Label smoothing has to be at least 0 and below 1, not ${labelSmoothing}.`);
  if (contrastive && !(contrastive.temperature > 0 && contrastive.weight >= 0))
    throw new TrainingConfigError(
      'The contrastive term needs a temperature above 0 and a weight of at least 0.',
    );
  validateOptimizer(config.optimizer);
}

/** Settings as plain JSON. */
export function asJson(settings: object): JsonValue {
  return JSON.parse(JSON.stringify(settings)) as JsonValue;
}

/** True when two settings are equal member by member, in whatever order they were written. */
export function sameSettings(a: object, b: object): boolean {
  return canonicalJson(asJson(a)) === canonicalJson(asJson(b));
}
