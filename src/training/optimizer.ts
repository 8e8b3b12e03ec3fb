import type { Compute, DeviceArray } from './compute/compute.ts';
import { TrainingConfigError } from './errors.ts';

export type OptimizerConfig =
  | {
      /** Adam with decoupled weight decay (Loshchilov & Hutter 2019), equal to PyTorch's. */
      readonly kind: 'adamw';
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    }
  | {
      readonly kind: 'sgd';
      readonly learningRate: number;
      readonly momentum: number;
      readonly nesterov: boolean;
      readonly weightDecay: number;
    };

export const defaultAdamW: OptimizerConfig = {
  kind: 'adamw',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
};

/** Names as in PyTorch's optimizer state. */
export type SlotName = 'exp_avg' | 'exp_avg_sq' | 'momentum_buffer';

/** Which slots of state every parameter has; all start at zero. */
export function slotNames(config: OptimizerConfig): readonly SlotName[] {
  if (config.kind === 'adamw') return ['exp_avg', 'exp_avg_sq'];
  return config.momentum > 0 ? ['momentum_buffer'] : [];
}

/** @throws TrainingConfigError naming the number that is out of range. */
export function validateOptimizer(config: OptimizerConfig): void {
  const refuse = (what: string, value: number, range: string): never => {
    throw new TrainingConfigError(`The ${what} has to be ${range}, not ${value}.`);
  };
  if (!(config.learningRate > 0 && Number.isFinite(config.learningRate)))
    refuse('learning rate', config.learningRate, 'above 0');
  if (!(config.weightDecay >= 0)) refuse('weight decay', config.weightDecay, 'at least 0');
  if (config.kind === 'adamw') {
    if (!(config.beta1 >= 0 && config.beta1 < 1)) refuse('β1 of AdamW', config.beta1, 'in [0, 1)');
    if (!(config.beta2 >= 0 && config.beta2 < 1)) refuse('β2 of AdamW', config.beta2, 'in [0, 1)');
    if (!(config.epsilon > 0)) refuse('ε of AdamW', config.epsilon, 'above 0');
  } else {
    if (!(config.momentum >= 0 && config.momentum < 1)) refuse('momentum', config.momentum, 'in [0, 1)');
    if (config.nesterov && config.momentum === 0)
      throw new TrainingConfigError('Nesterov momentum needs a momentum above 0.');
  }
}

/**
 * One update of a parameter and its slots, in place. `learningRate` is the schedule's; `step` counts updates from 1.
 * Everything else is in the slots, so nothing is lost between two updates.
 */
export function updateParameter(
  compute: Compute,
  config: OptimizerConfig,
  parameter: DeviceArray,
  gradient: DeviceArray,
  slots: readonly DeviceArray[],
  learningRate: number,
  step: number,
): void {
  if (config.kind === 'adamw') {
    const [mean, square] = slots;
    if (!mean || !square) throw new Error('AdamW has two slots.');
    compute.adamw(parameter, gradient, mean, square, { ...config, learningRate, step });
  } else {
    compute.sgd(parameter, gradient, slots[0] ?? null, { ...config, learningRate });
  }
}
