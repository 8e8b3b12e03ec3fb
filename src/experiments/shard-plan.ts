/** A shard still to be computed: ascending example indices, all inside one stretch of `shardSize`. */
export interface PlannedShard {
  readonly sampleIndices: readonly number[];
}

/** Consecutive examples only, so that a shard's name says exactly which examples it holds. */
export function splitAtGaps(plan: readonly PlannedShard[]): PlannedShard[] {
  return plan.flatMap(({ sampleIndices }) => {
    const runs: number[][] = [];
    for (const index of sampleIndices) {
      const run = runs.at(-1);
      if (run?.at(-1) === index - 1) run.push(index);
      else runs.push([index]);
    }
    return runs.map((run) => ({ sampleIndices: run }));
  });
}

/**
 * Groups the examples that no committed shard accounts for. Stretches are aligned to multiples of `shardSize`, so that
 * an interrupted run and an uninterrupted one cut at the same places; the size may change between runs.
 */
export function planShards(total: number, accounted: ReadonlySet<number>, shardSize: number): PlannedShard[] {
  const plan: PlannedShard[] = [];
  for (let start = 0; start < total; start += shardSize) {
    const sampleIndices: number[] = [];
    for (let index = start; index < Math.min(start + shardSize, total); index += 1)
      if (!accounted.has(index)) sampleIndices.push(index);
    if (sampleIndices.length > 0) plan.push({ sampleIndices });
  }
  return plan;
}
