import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';
import { serveBuild } from '../e2e/built-page.ts';
import type { Ending } from './extraction-trial.ts';
import { tearTails } from './leveldb-tail.ts';
import { TrainingTrial } from './training-trial.ts';

/** The built app against SIGKILL in the middle of training; `CRASH_TRAINING_KILLS` says how often (24 by default). */
const kills = Number(process.env['CRASH_TRAINING_KILLS'] ?? 24);
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);

let served: Awaited<ReturnType<typeof serveBuild>>;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(() => served.server.close());

test.each([
  { backend: 'wasm', examples: 1000, width: 128, hidden: 64, batchSize: 16, checkpointEverySteps: 7 },
  { backend: 'webgpu', examples: 160, width: 16, hidden: 8, batchSize: 16, checkpointEverySteps: 2 },
] as const)(
  'a run on $backend killed at random moments ends in the bits of one that was not',
  async (options) => {
    const trial = new TrainingTrial({ url: served.url, ...options });
    const random = Rng.fromSeed(seed, 'training', options.backend);
    try {
      for (let i = 0; i < kills; i += 1) {
        const ending: Ending = i % 8 === 3 ? 'close tab' : i % 8 === 6 ? 'crash renderer' : 'kill';
        await trial.session(random, ending, 1500);
        if (i === 5) tearTails(trial.profile, 'IndexedDB');
      }
      const { interrupted, straight } = await trial.finish();
      console.warn(`${options.backend}, seed ${seed}`, {
        ...trial.report,
        notices: [...trial.report.notices],
      });
      expect(trial.report.lost).toBe(0);
      expect(trial.report.acknowledgedStep).toBeGreaterThan(kills);
      expect(trial.report.insideEpochs).toBeGreaterThan(0);
      expect(interrupted).toBe(straight);
    } finally {
      trial.dispose();
    }
  },
);
