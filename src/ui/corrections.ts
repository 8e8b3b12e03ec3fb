import type { LabelCorrection } from '../engine/training-protocol.ts';

/** What a clip is by all corrections together. */
export interface Standing {
  /** Null where the label was not corrected. */
  readonly label: string | null;
  readonly isAside: boolean;
}

export function standingOf(corrections: readonly LabelCorrection[], path: string): Standing {
  const own = corrections.filter((each) => each.path === path);
  return {
    label: own.findLast(({ label }) => label !== null)?.label ?? null,
    isAside: own.findLast(({ setAside }) => setAside !== null)?.setAside ?? false,
  };
}

/** One correction in words: `sad → glad`. */
export function correctionWords({ from, label, setAside }: LabelCorrection): string {
  const words = label !== null && label !== from ? [`${from ?? 'no label'} → ${label}`] : [];
  if (setAside === true) words.push('set aside');
  else if (setAside === false && words.length === 0) words.push('taken in again');
  return words.join(', ') || 'confirmed';
}
