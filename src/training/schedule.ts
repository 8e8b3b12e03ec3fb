import { TrainingConfigError } from './errors.ts';

/** How the learning rate goes over the steps of a run; factors are on the optimizer's learning rate. */
export type ScheduleConfig = {
  /** Steps over which the rate rises linearly from base / warmupSteps to base; 0 for none. */
  readonly warmupSteps: number;
} & (
  | { readonly kind: 'constant' }
  /** Half a cosine from base to base · minFactor at the end (Loshchilov & Hutter 2017, no restarts). */
  | { readonly kind: 'cosine'; readonly minFactor: number }
  /** Times `gamma` every `everyEpochs`. */
  | { readonly kind: 'step'; readonly everyEpochs: number; readonly gamma: number }
  /** Times `gamma` after more than `patience` epochs without improvement of the validation loss. */
  | {
      readonly kind: 'plateau';
      readonly gamma: number;
      readonly patience: number;
      /** Relative improvement that counts, as PyTorch's `threshold`. */
      readonly threshold: number;
      readonly minFactor: number;
    }
);

/** Everything the schedule remembers; plain JSON. */
export interface ScheduleState {
  /** The step at which the curve begins: 0, or where it was restarted. */
  readonly originStep: number;
  /** Steps that the curve spans from there. */
  readonly horizonSteps: number;
  readonly plateau: { readonly best: number | null; readonly badEpochs: number; readonly factor: number };
}

/** What the curve does when a run goes on past its target. */
export type Extension = 'keep' | 'stretch' | 'restart';

export function initialSchedule(totalSteps: number): ScheduleState {
  return { originStep: 0, horizonSteps: totalSteps, plateau: { best: null, badEpochs: 0, factor: 1 } };
}

/** @throws TrainingConfigError naming the number that is out of range. */
export function validateSchedule(config: ScheduleConfig, totalSteps: number): void {
  if (!Number.isInteger(config.warmupSteps) || config.warmupSteps < 0)
    throw new TrainingConfigError(`Warmup is a whole number of steps, not ${config.warmupSteps}.`);
  if (config.warmupSteps > totalSteps)
    throw new TrainingConfigError(
      `Warmup over ${config.warmupSteps} steps never ends: the whole run has ${totalSteps}.`,
    );
  if ('gamma' in config && !(config.gamma > 0 && config.gamma <= 1))
    throw new TrainingConfigError(`The schedule’s factor has to be in (0, 1], not ${config.gamma}.`);
  if (config.kind === 'step' && !(Number.isInteger(config.everyEpochs) && config.everyEpochs > 0))
    throw new TrainingConfigError(
      `The step schedule needs a whole number of epochs, not ${config.everyEpochs}.`,
    );
}

/** Learning rate of the update with 0-based index `step`, in float64. */
export function learningRateAt(
  config: ScheduleConfig,
  state: ScheduleState,
  baseRate: number,
  step: number,
  stepsPerEpoch: number,
): number {
  const since = Math.max(0, step - state.originStep);
  const { warmupSteps } = config;
  if (since < warmupSteps) return (baseRate * (since + 1)) / warmupSteps;
  switch (config.kind) {
    case 'constant':
      return baseRate;
    case 'cosine': {
      const span = Math.max(1, state.horizonSteps - warmupSteps);
      const progress = Math.min(1, (since - warmupSteps) / span);
      return (
        baseRate * (config.minFactor + ((1 - config.minFactor) * (1 + Math.cos(Math.PI * progress))) / 2)
      );
    }
    case 'step':
      return baseRate * config.gamma ** Math.floor(since / stepsPerEpoch / config.everyEpochs);
    case 'plateau':
      return baseRate * Math.max(state.plateau.factor, config.minFactor);
    default:
      throw new TrainingConfigError(`There is no schedule called “${(config as ScheduleConfig).kind}”.`);
  }
}

/** The state after an epoch with this validation loss; only plateau learns from it (PyTorch's ReduceLROnPlateau). */
export function scheduleAfterEpoch(
  config: ScheduleConfig,
  state: ScheduleState,
  validationLoss: number,
): ScheduleState {
  if (config.kind !== 'plateau') return state;
  const { best, badEpochs, factor } = state.plateau;
  if (best === null || validationLoss < best * (1 - config.threshold))
    return { ...state, plateau: { best: validationLoss, badEpochs: 0, factor } };
  if (badEpochs + 1 > config.patience) {
    const lowered = Math.max(factor * config.gamma, config.minFactor);
    return { ...state, plateau: { best, badEpochs: 0, factor: lowered } };
  }
  return { ...state, plateau: { best, badEpochs: badEpochs + 1, factor } };
}

/**
 * The state with which a run goes on to a new target. `keep`: the old curve, at its last value past its end;
 * `stretch`: the same curve over the new length, from the present step on; `restart`: a new curve, warmup included,
 * from the present step to the new target.
 */
export function extendSchedule(
  state: ScheduleState,
  extension: Extension,
  step: number,
  newTotalSteps: number,
): ScheduleState {
  if (extension === 'keep') return state;
  if (extension === 'stretch') return { ...state, horizonSteps: newTotalSteps - state.originStep };
  return {
    originStep: step,
    horizonSteps: newTotalSteps - step,
    plateau: { best: null, badEpochs: 0, factor: 1 },
  };
}

/** Learning rates of steps [from, to) for drawing ahead; plateau is drawn as if it stayed where it is. */
export function previewSchedule(
  config: ScheduleConfig,
  state: ScheduleState,
  baseRate: number,
  from: number,
  to: number,
  stepsPerEpoch: number,
): Float64Array {
  return Float64Array.from({ length: Math.max(0, to - from) }, (_, i) =>
    learningRateAt(config, state, baseRate, from + i, stepsPerEpoch),
  );
}
