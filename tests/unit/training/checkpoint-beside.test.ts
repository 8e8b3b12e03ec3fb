import { expect, test } from 'vitest';
import {
  checkpointName,
  decodeCheckpoint,
  encodeCheckpoint,
  stateDigest,
  type Checkpoint,
} from '../../../src/training/checkpoint.ts';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { defaultTraining, type TrainingConfig } from '../../../src/training/config.ts';
import { fit, type FitHooks, type FitResult, type Start } from '../../../src/training/fit.ts';
import { defaultAdamW } from '../../../src/training/optimizer.ts';
import { PlaygroundError } from '../../../src/lib/errors.ts';
import { blobs, withValidation } from './blobs.ts';

const compute = await openWasmCompute();
const data = withValidation(blobs(150, 3, { kind: 'vector', size: 20 }), 40);
const config: TrainingConfig = {
  ...defaultTraining,
  head: { kind: 'mlp', hidden: [12], dropout: 0.3 },
  optimizer: { ...defaultAdamW, learningRate: 0.02 },
  epochs: 3,
  batchSize: 16,
  checkpointEverySteps: 2,
};

function train(hooks: FitHooks, start: Start = { kind: 'fresh' }): Promise<FitResult> {
  return fit({ compute, data, config, start, hooks });
}

/** A disk that takes a while, seen from the training beside it. */
class SlowDisk {
  readonly acknowledged: { readonly checkpoint: Checkpoint; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
  readonly attempted: string[] = [];
  writing = 0;
  mostAtOnce = 0;
  /** Steps that began while a checkpoint was being written. */
  stepsBeside = 0;
  error: Error | null = null;
  readonly #turns: number;

  constructor(turns: number) {
    this.#turns = turns;
  }

  readonly keep = async (checkpoint: Checkpoint): Promise<void> => {
    this.attempted.push(checkpointName(checkpoint));
    this.writing += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.writing);
    try {
      for (let i = 0; i < this.#turns; i += 1) await Promise.resolve();
      if (this.error) throw this.error;
      // Encoded at the very end: a state that the steps beside it changed would show.
      this.acknowledged.push({ checkpoint, bytes: encodeCheckpoint(checkpoint) });
    } finally {
      this.writing -= 1;
    }
  };

  /** For `shouldPause`, which is asked at every step boundary. */
  readonly look = (): false => {
    if (this.writing > 0) this.stepsBeside += 1;
    return false;
  };
}

test('a checkpoint is of its own step whatever is trained while it is written, and leads to the same end', async () => {
  const straight = await stateDigest((await train({})).checkpoint);
  const disk = new SlowDisk(40);
  const { checkpoint } = await train({ onCheckpoint: disk.keep, shouldPause: disk.look });
  expect(await stateDigest(checkpoint)).toBe(straight);
  expect(disk.stepsBeside).toBeGreaterThan(5);
  expect(disk.mostAtOnce).toBe(1);
  expect(disk.acknowledged.length).toBe(disk.attempted.length);
  const steps = disk.acknowledged.map((one) => one.checkpoint.step);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  for (const { bytes } of disk.acknowledged) {
    const again = await train({}, { kind: 'checkpoint', checkpoint: decodeCheckpoint(bytes) });
    expect(await stateDigest(again.checkpoint)).toBe(straight);
  }
});

test('the next checkpoint, a pause and the end all wait for the one that is being written', async () => {
  const endless = new SlowDisk(5000);
  await train({ onCheckpoint: endless.keep });
  expect(endless.mostAtOnce).toBe(1);
  expect(endless.writing).toBe(0);
  expect(endless.acknowledged.at(-1)!.checkpoint).toMatchObject({ epoch: 3, sampler: { cursor: 0 } });

  const paused = new SlowDisk(5000);
  let asked = 0;
  const result = await train({ onCheckpoint: paused.keep, shouldPause: () => (asked += 1) > 3 });
  expect(result.state).toBe('paused');
  expect(paused.acknowledged.map((one) => one.checkpoint.step)).toEqual([2, 3]);
});

class DiskTroubleError extends PlaygroundError {
  override readonly name: string = 'DiskTroubleError';
}

test('a checkpoint that cannot be kept ends training at the next boundary with its own error, nothing before it lost', async () => {
  const disk = new SlowDisk(3);
  const trouble = new DiskTroubleError('No room.');
  let last = 0;
  const end = train({
    onCheckpoint: (checkpoint) => {
      if (checkpoint.step >= 4) disk.error = trouble;
      return disk.keep(checkpoint);
    },
    onStep: ({ step }) => {
      last = step;
    },
  });
  await expect(end).rejects.toBe(trouble);
  expect(disk.attempted).toHaveLength(2);
  expect(disk.acknowledged.map((one) => one.checkpoint.step)).toEqual([2]);
  expect(last).toBeLessThanOrEqual(6);
  const from = decodeCheckpoint(disk.acknowledged[0]!.bytes);
  const resumed = await train({}, { kind: 'checkpoint', checkpoint: from });
  expect(await stateDigest(resumed.checkpoint)).toBe(await stateDigest((await train({})).checkpoint));
});

test('a failure of training waits for the checkpoint beside it and says which one stands', async () => {
  const disk = new SlowDisk(5000);
  const blowUp: TrainingConfig = {
    ...config,
    checkpointEverySteps: 1,
    optimizer: { kind: 'sgd', learningRate: 1e18, momentum: 0, nesterov: false, weightDecay: 0 },
    schedule: { kind: 'constant', warmupSteps: 0 },
  };
  const end = fit({
    compute,
    data,
    config: blowUp,
    start: { kind: 'fresh' },
    hooks: { onCheckpoint: disk.keep },
  });
  const error: unknown = await end.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'NonFiniteLossError' });
  expect(disk.writing).toBe(0);
  const kept = disk.acknowledged.at(-1);
  expect(String(error)).toContain(kept ? checkpointName(kept.checkpoint) : 'no checkpoint before it');
});
