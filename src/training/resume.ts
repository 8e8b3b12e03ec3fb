import { canonicalJson, type JsonValue } from '../lib/canonical-json.ts';
import type { Checkpoint } from './checkpoint.ts';
import { asJson, sameSettings, type TrainingConfig } from './config.ts';
import { ResumeRefusedError } from './errors.ts';
import { extendSchedule, initialSchedule, type Extension } from './schedule.ts';

/** One changed setting, by its path: `optimizer.learningRate`. */
export interface SettingChange {
  readonly path: string;
  readonly from: JsonValue;
  readonly to: JsonValue;
}

/** Every setting that differs, old → new, in alphabetical order of paths; absent ones are null. */
export function diffConfig(from: TrainingConfig, to: TrainingConfig): readonly SettingChange[] {
  const changes: SettingChange[] = [];
  compare('', asJson(from), asJson(to), changes);
  return changes;
}

/** Why each change cannot be made to a run that goes on, as sentences; empty when all can. */
export function refusedChanges(checkpoint: Checkpoint, to: TrainingConfig): readonly string[] {
  const reasons: string[] = [];
  const { config } = checkpoint;
  const refuse = (differs: boolean, reason: string): void => {
    if (differs) reasons.push(reason);
  };
  refuse(
    !sameSettings({ ...config.head, dropout: 0 }, { ...to.head, dropout: 0 }),
    'The head has other sizes, so the weights of the checkpoint do not fit it; start a fresh run.',
  );
  refuse(
    config.optimizer.kind !== to.optimizer.kind,
    `The state of ${config.optimizer.kind} means nothing to ${to.optimizer.kind}; start a fresh run from these weights.`,
  );
  refuse(
    config.optimizer.kind === 'sgd' &&
      to.optimizer.kind === 'sgd' &&
      config.optimizer.momentum > 0 !== to.optimizer.momentum > 0,
    'Momentum cannot be switched on or off in the middle of a run; start a fresh run from these weights.',
  );
  refuse(
    config.standardise !== to.standardise,
    'The weights were learned on features standardised the other way; start a fresh run.',
  );
  refuse(
    config.seed !== to.seed,
    'The seed decides the order of all epochs; with another one this is another run, so start a fresh one.',
  );
  refuse(
    config.batchSize !== to.batchSize && checkpoint.sampler.cursor > 0,
    'The batch size can change between epochs only; continue from a checkpoint at the end of an epoch.',
  );
  refuse(
    to.epochs < checkpoint.epoch + (checkpoint.sampler.cursor > 0 ? 1 : 0),
    `The checkpoint stands in epoch ${checkpoint.epoch + 1}, beyond a target of ${to.epochs}; choose an earlier checkpoint.`,
  );
  return reasons;
}

/**
 * The checkpoint as if it had been made with the new settings, the changes logged in its history; `fit` goes on from
 * it. When the number of steps in all changes, `extension` says what the schedule does. Without changes the checkpoint
 * comes back as it is.
 * @throws ResumeRefusedError listing the changes that make no sense.
 */
export function applyChanges(
  checkpoint: Checkpoint,
  to: TrainingConfig,
  totalSteps: { readonly before: number; readonly after: number },
  extension: Extension = 'keep',
): Checkpoint {
  const changes = diffConfig(checkpoint.config, to);
  const lengthChanges = totalSteps.before !== totalSteps.after;
  if (changes.length === 0 && !lengthChanges) return checkpoint;
  const reasons = refusedChanges(checkpoint, to);
  if (reasons.length > 0) throw new ResumeRefusedError(reasons.join(' '));
  const { history, step } = checkpoint;
  const kept =
    checkpoint.config.schedule.kind === to.schedule.kind
      ? checkpoint.schedule
      : initialSchedule(totalSteps.before);
  const noted: SettingChange[] = lengthChanges
    ? [{ path: 'schedule.extension', from: null, to: extension }]
    : [];
  return {
    ...checkpoint,
    config: to,
    schedule: lengthChanges ? extendSchedule(kept, extension, step, totalSteps.after) : kept,
    history: { ...history, changes: [...history.changes, { step, changes: [...changes, ...noted] }] },
  };
}

function compare(
  path: string,
  from: JsonValue | undefined,
  to: JsonValue | undefined,
  changes: SettingChange[],
): void {
  if (isObject(from) && isObject(to)) {
    for (const key of [...new Set([...Object.keys(from), ...Object.keys(to)])].sort())
      compare(path ? `${path}.${key}` : key, from[key], to[key], changes);
    return;
  }
  const [old, fresh] = [from ?? null, to ?? null];
  if (canonicalJson(old) !== canonicalJson(fresh)) changes.push({ path, from: old, to: fresh });
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
