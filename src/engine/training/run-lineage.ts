import { checkpointName } from '../../training/checkpoint.ts';
import type { RunBranch, StoredCheckpoint } from './run-record.ts';

/** Key of a checkpoint: its name, and behind the first branch which one it is on, as steps come again there. */
export function checkpointKey(at: { readonly epoch: number; readonly step: number }, branch: number): string {
  return branch === 0 ? checkpointName(at) : `${checkpointName(at)}_branch_${branch}`;
}

/**
 * The checkpoints that lead to where the run stands, oldest first: those of the branch that goes on, and of those it
 * came from up to where each was left.
 */
export function liveChain(
  checkpoints: readonly StoredCheckpoint[],
  branches: readonly RunBranch[],
): readonly StoredCheckpoint[] {
  const byNumber = new Map(branches.map((branch) => [branch.number, branch]));
  const chain: StoredCheckpoint[] = [];
  let branch = branches.at(-1);
  let leftAt = Infinity;
  while (branch) {
    const { number, from } = branch;
    chain.push(...checkpoints.filter(({ meta }) => meta.branch === number && meta.step <= leftAt));
    if (from === null) break;
    const fork = forkPoint(from);
    leftAt = Math.min(leftAt, fork.step);
    branch = byNumber.get(fork.branch);
  }
  return chain.sort((a, b) => a.meta.step - b.meta.step || a.meta.branch - b.meta.branch);
}

/** Branch and step that a key names, also of a checkpoint that is no longer there. */
function forkPoint(key: string): { readonly branch: number; readonly step: number } {
  const match = /_step_(\d+)(?:_branch_(\d+))?$/.exec(key);
  return { step: Number(match?.[1] ?? 0), branch: Number(match?.[2] ?? 0) };
}
