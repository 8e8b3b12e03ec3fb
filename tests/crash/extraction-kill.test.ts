import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';
import { serveBuild } from '../e2e/built-page.ts';
import { ExtractionTrial, type Ending } from './extraction-trial.ts';
import { tearTails } from './leveldb-tail.ts';

/** The built app against SIGKILL of the whole browser; `CRASH_EXTRACTION_KILLS` says how often (25 by default). */
const kills = Number(process.env['CRASH_EXTRACTION_KILLS'] ?? 25);
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);

let served: Awaited<ReturnType<typeof serveBuild>>;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(() => served.server.close());

test('an extraction killed at random moments ends in the file of one that was never interrupted', async () => {
  const trial = new ExtractionTrial(served.url, 9);
  const random = Rng.fromSeed(seed, 'extraction');
  try {
    for (let i = 0; i < kills; i += 1) {
      const ending: Ending = i % 8 === 3 ? 'close tab' : i % 8 === 6 ? 'crash renderer' : 'kill';
      await trial.session(random, ending, 1500);
      if (i === 5) tearTails(trial.profile, 'IndexedDB');
      if (i === 9) tearTails(trial.profile, 'Paths');
    }
    const { interrupted, straight } = await trial.finish();
    console.warn(`seed ${seed}`, { ...trial.report, notices: [...trial.report.notices] });
    expect(trial.report.lost).toEqual([]);
    expect(trial.report.acknowledged).toBeGreaterThan(kills);
    expect(interrupted).toBe(straight);
  } finally {
    trial.dispose();
  }
});
