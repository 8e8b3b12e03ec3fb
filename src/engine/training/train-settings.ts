import { defaultTraining, validateTraining, type TrainingConfig } from '../../training/config.ts';
import type { HeadConfig } from '../../training/heads/registry.ts';
import { defaultAdamW, type OptimizerConfig } from '../../training/optimizer.ts';
import type { ScheduleConfig } from '../../training/schedule.ts';
import type { Loosely, TrainSettings } from '../training-protocol.ts';

const HIDDEN_SIZE = 512;
const ATTENTION_SIZE = 64;

/** All settings of a run: those asked for, the others by default. @throws TrainingConfigError */
export function trainingConfigOf(asked: TrainSettings): TrainingConfig {
  const config: TrainingConfig = {
    head: headOf(asked.head ?? defaultTraining.head),
    epochs: asked.epochs ?? defaultTraining.epochs,
    batchSize: asked.batchSize ?? defaultTraining.batchSize,
    seed: asked.seed ?? defaultTraining.seed,
    optimizer: optimizerOf(asked.optimizer ?? { kind: 'adamw' }),
    schedule: scheduleOf(asked.schedule ?? defaultTraining.schedule),
    loss: { ...defaultTraining.loss, ...asked.loss },
    sampler: { ...defaultTraining.sampler, ...asked.sampler },
    clipNorm: asked.clipNorm ?? null,
    standardise: asked.standardise ?? defaultTraining.standardise,
    selectBy: asked.selectBy ?? defaultTraining.selectBy,
    checkpointEverySteps: asked.checkpointEverySteps ?? null,
  };
  validateTraining(config);
  return config;
}

function headOf(asked: Loosely<HeadConfig>): HeadConfig {
  switch (asked.kind) {
    case 'mlp': {
      const { hidden = [HIDDEN_SIZE], dropout = 0 } = asked;
      return { kind: 'mlp', hidden, dropout };
    }
    case 'layer-mix': {
      const { hidden = [], dropout = 0 } = asked;
      return { kind: 'layer-mix', hidden, dropout };
    }
    case 'attention': {
      const { hidden = [], dropout = 0, attentionSize = ATTENTION_SIZE } = asked;
      return { kind: 'attention', hidden, dropout, attentionSize };
    }
    default:
      return asked;
  }
}

function optimizerOf(asked: NonNullable<TrainSettings['optimizer']>): OptimizerConfig {
  if ('kind' in asked && asked.kind === 'sgd') {
    const { learningRate = 0.01, momentum = 0.9, nesterov = false, weightDecay = 0 } = asked;
    return { kind: 'sgd', learningRate, momentum, nesterov, weightDecay };
  }
  return { ...(defaultAdamW as Extract<OptimizerConfig, { kind: 'adamw' }>), ...asked, kind: 'adamw' };
}

function scheduleOf(asked: Loosely<ScheduleConfig>): ScheduleConfig {
  const { warmupSteps = 0 } = asked;
  switch (asked.kind) {
    case 'cosine':
      return { kind: 'cosine', warmupSteps, minFactor: asked.minFactor ?? 0 };
    case 'step':
      return { kind: 'step', warmupSteps, everyEpochs: asked.everyEpochs ?? 10, gamma: asked.gamma ?? 0.1 };
    case 'plateau': {
      const { gamma = 0.1, patience = 3, threshold = 1e-4, minFactor = 0 } = asked;
      return { kind: 'plateau', warmupSteps, gamma, patience, threshold, minFactor };
    }
    case 'constant':
      return { kind: 'constant', warmupSteps };
    default:
      // `validateSchedule` refuses a kind that does not exist by its name.
      return { ...(asked as ScheduleConfig), warmupSteps };
  }
}

/** Settings of a run with changes laid over them: members of a setting that are not named stay, unless its kind changes. */
export function changedConfig(config: TrainingConfig, changes: TrainSettings): TrainingConfig {
  const over = <Setting extends object>(old: Setting, change: object | undefined): Setting => {
    if (!change) return old;
    const sameKind = !('kind' in change) || !('kind' in old) || change.kind === old.kind;
    return (sameKind ? { ...old, ...change } : change) as Setting;
  };
  return trainingConfigOf({
    ...config,
    ...changes,
    head: over(config.head, changes.head),
    optimizer: over(config.optimizer, changes.optimizer),
    schedule: over(config.schedule, changes.schedule),
    loss: over(config.loss, changes.loss),
    sampler: over(config.sampler, changes.sampler),
  });
}
