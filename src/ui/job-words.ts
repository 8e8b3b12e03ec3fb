import type { JobState, JobStatus } from '../engine/protocol.ts';

/** Anything that `resume` would carry on with. */
export const isUnfinished = ({ state }: JobStatus): boolean =>
  state !== 'finished' && state !== 'running' && state !== 'queued';

export const newestFirst = (jobs: readonly JobStatus[]): readonly JobStatus[] =>
  [...jobs].sort((a, b) => b.createdAt.localeCompare(a.createdAt));

export const stateWords: Record<JobState, string> = {
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  finished: 'Finished',
  failed: 'Needs attention',
  interrupted: 'Interrupted',
  queued: 'Waiting',
};

export const stateTone: Record<JobState, 'accent' | 'signal' | 'good' | 'bad'> = {
  running: 'accent',
  paused: 'signal',
  stopped: 'signal',
  finished: 'good',
  failed: 'bad',
  interrupted: 'signal',
  queued: 'accent',
};

/** Share of the clips that are through, whether embedded or set aside. */
export const progressOf = ({ done, failed, total }: JobStatus): number =>
  total === 0 ? 0 : (done + failed) / total;

/** `EmptyAudioError` → `Empty audio`. */
export function errorTitle(errorName: string): string {
  const words = errorName
    .replace(/Error$/u, '')
    .replaceAll(/([a-z0-9])([A-Z])/gu, '$1 $2')
    .toLowerCase();
  return words === '' ? 'Other' : words[0]?.toUpperCase() + words.slice(1);
}

/** `CREMA-D-wavlm-base-plus.npz`; says when it holds a part. */
export function exportName({ dataset, encoder, state }: JobStatus): string {
  const encoderName = encoder.name.split('/').at(-1) ?? encoder.name;
  const part = state === 'finished' ? '' : '-partial';
  return `${`${dataset.name}-${encoderName}${part}`.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_')}.npz`;
}
