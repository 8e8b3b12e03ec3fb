import { decodeCheckpoint, encodeCheckpoint, stateDigest, type Checkpoint } from './checkpoint.ts';
import { countSteps, fit, type FitRequest, type Start } from './fit.ts';

export interface ResumeProof {
  readonly identical: boolean;
  /** Steps that were trained twice: straight, and with a restart behind `restartStep`. */
  readonly steps: number;
  readonly restartStep: number;
  /** SHA-256 of weights, optimizer state and history of both ways. */
  readonly straightDigest: string;
  readonly resumedDigest: string;
  /** The first update whose loss differs, from 1; null where none does. */
  readonly firstDifferentStep: number | null;
  /** One sentence for a person. */
  readonly sentence: string;
}

/**
 * Trains `steps` updates straight, then again with a stop in the middle where the state goes through the checkpoint's
 * bytes and into fresh device memory, and compares both to the bit. Works on this device, with these data and settings.
 */
export async function proveResume(
  request: Omit<FitRequest, 'start' | 'hooks'>,
  steps: number,
): Promise<ResumeProof> {
  const total = Math.min(steps, countSteps(request.data, request.config).total);
  const restartStep = Math.max(1, Math.floor(total / 2));
  const trainFor = async (start: Start, count: number): Promise<Checkpoint> => {
    let asked = 0;
    const result = await fit({ ...request, start, hooks: { shouldPause: () => (asked += 1) > count } });
    return result.checkpoint;
  };
  const straight = await trainFor({ kind: 'fresh' }, total);
  const middle = await trainFor({ kind: 'fresh' }, restartStep);
  const restored = decodeCheckpoint(encodeCheckpoint(middle));
  const resumed = await trainFor({ kind: 'checkpoint', checkpoint: restored }, total - restartStep);
  const [straightDigest, resumedDigest] = [await stateDigest(straight), await stateDigest(resumed)];
  const identical = straightDigest === resumedDigest;
  const different = straight.history.stepLoss.findIndex(
    (loss, i) => !Object.is(loss, resumed.history.stepLoss[i]),
  );
  const firstDifferentStep = different < 0 ? null : different + 1;
  return {
    identical,
    steps: total,
    restartStep,
    straightDigest,
    resumedDigest,
    firstDifferentStep,
    sentence: identical
      ? `Bit-identical: ${total} steps straight and ${total} steps with a restart after step ${restartStep} end in the same state, SHA-256 ${straightDigest}.`
      : `Not identical: ${firstDifferentStep === null ? 'all losses are equal, but the end states differ' : `the first difference is at step ${firstDifferentStep}`} (restart after step ${restartStep}).`,
  };
}
