import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';
import { TrainingTrial } from '../crash/training-trial.ts';
import { serveBuild } from './built-page.ts';

/** Three of the endings that `npm run test:crash` has dozens of. */
let served: Awaited<ReturnType<typeof serveBuild>>;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(() => served.server.close());

test('a run killed in the midst of epochs ends in the bits of one that was not', async () => {
  const trial = new TrainingTrial({
    url: served.url,
    backend: 'wasm',
    examples: 600,
    width: 32,
    hidden: 16,
    batchSize: 16,
    checkpointEverySteps: 7,
  });
  const random = Rng.fromSeed(3, 'training');
  try {
    await trial.session(random, 'kill', 500);
    await trial.session(random, 'crash renderer', 500);
    await trial.session(random, 'kill', 500);
    const { interrupted, straight } = await trial.finish();
    expect(trial.report.lost).toBe(0);
    expect(trial.report.acknowledgedStep).toBeGreaterThan(0);
    expect(interrupted).toBe(straight);
  } finally {
    trial.dispose();
  }
});
