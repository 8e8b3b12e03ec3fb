import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';
import { ExtractionTrial } from '../crash/extraction-trial.ts';
import { tearTails } from '../crash/leveldb-tail.ts';
import { serveBuild } from './built-page.ts';

/** Three of the endings that `npm run test:crash` has twenty-five of. */
let served: Awaited<ReturnType<typeof serveBuild>>;
beforeAll(async () => {
  served = await serveBuild();
});
afterAll(() => served.server.close());

test('a killed browser, a crashed renderer and a torn catalog change no byte of the merged file', async () => {
  const trial = new ExtractionTrial(served.url, 0);
  const random = Rng.fromSeed(3, 'extraction');
  try {
    await trial.session(random, 'kill', 1000);
    tearTails(trial.profile, 'IndexedDB');
    await trial.session(random, 'crash renderer', 1000);
    await trial.session(random, 'kill', 1000);
    const { interrupted, straight } = await trial.finish();
    expect(trial.report.lost).toEqual([]);
    expect(trial.report.acknowledged).toBeGreaterThan(0);
    expect(interrupted).toBe(straight);
  } finally {
    trial.dispose();
  }
});
