import type { CrossValidationStatus, RunState, RunStatus } from '../engine/training-protocol.ts';

export const runStateWords: Readonly<Record<RunState, string>> = {
  queued: 'Queued',
  running: 'Training',
  paused: 'Paused',
  stopped: 'Stopped',
  finished: 'Finished',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

export const runStateTone: Readonly<Record<RunState, string>> = {
  queued: '',
  running: 'accent',
  paused: 'signal',
  stopped: 'signal',
  finished: 'good',
  failed: 'bad',
  interrupted: 'signal',
};

export const runProgress = ({ step, totalSteps }: RunStatus): number =>
  totalSteps === 0 ? 0 : Math.min(1, step / totalSteps);

/** Beginning of a saved file's name: letters, digits and dashes. */
export const fileStem = (text: string): string =>
  text.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '') || 'run';

export const splitWords = (split: RunStatus['split']): string =>
  split.kind === 'csv'
    ? 'as the CSV says'
    : `${split.kind === 'speakers' ? 'no speaker in two parts' : 'stratified by class'}, seed ${split.seed}`;

/** How a cross-validation divides, in words. */
export const foldWords = ({ method, groups }: Pick<CrossValidationStatus, 'method' | 'groups'>): string =>
  method.kind === 'k-fold'
    ? `${method.folds} folds, ${groups === null ? 'stratified by class' : `no ${groups} in two of them`}, seed ${method.seed}`
    : `one ${groups ?? 'group'} left out at a time`;
