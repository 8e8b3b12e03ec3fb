/** Which checkpoints of a run stay; `last`, the best and pinned ones always do. */
export type RetentionPolicy =
  | { readonly kind: 'all' }
  /** The newest `count`. */
  | { readonly kind: 'last'; readonly count: number }
  /** Every `every`-th epoch's. */
  | { readonly kind: 'every'; readonly every: number };

export interface KeptCheckpoint {
  readonly name: string;
  readonly epoch: number;
  readonly step: number;
  /** True at the end of an epoch, false inside one. */
  readonly endsEpoch: boolean;
  readonly isBest: boolean;
  readonly isPinned: boolean;
}

/**
 * Names of the checkpoints to delete. The newest one always stays, and one more behind it, so that a newest one that
 * turns out damaged has something to fall back to. Checkpoints inside an epoch go once two newer ones are there.
 */
export function checkpointsToPrune(
  checkpoints: readonly KeptCheckpoint[],
  policy: RetentionPolicy,
): readonly string[] {
  if (policy.kind === 'all') return [];
  const newestFirst = checkpoints.toSorted((a, b) => b.step - a.step || b.epoch - a.epoch);
  const epochEnds = newestFirst.filter(({ endsEpoch }) => endsEpoch);
  return newestFirst
    .filter((one, age) => {
      if (age < 2 || one.isBest || one.isPinned) return false;
      if (!one.endsEpoch) return true;
      if (policy.kind === 'last') return epochEnds.indexOf(one) >= policy.count;
      return one.epoch % policy.every !== 0;
    })
    .map(({ name }) => name);
}
