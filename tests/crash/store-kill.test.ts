import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';
import { BareStoreTrial, type Ending } from './bare-store.ts';
import { serveCrashPage, type ServedPage } from './crash-page.ts';
import { tearTails, type LevelDb } from './leveldb-tail.ts';

/**
 * The bare record store against SIGKILL of the whole browser, closed tabs, crashed renderers and torn LevelDB tails.
 * `CRASH_KILLS` says how many sessions per backend (150 by default).
 */
const kills = Number(process.env['CRASH_KILLS'] ?? 150);
const backends = [
  { title: 'IndexedDB on LevelDB', args: ['--disable-features=IdbSqliteBackingStore'] },
  { title: 'IndexedDB on SQLite', args: ['--enable-features=IdbSqliteBackingStore'] },
];

let served: ServedPage;
beforeAll(async () => {
  served = await serveCrashPage();
});
afterAll(() => served.close());

describe.each(backends)('$title', ({ title, args }) => {
  test('killed at random moments, no acknowledged step is lost and nothing invalid is kept', async () => {
    const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
    const trial = new BareStoreTrial({ url: served.url, seed, args });
    const random = Rng.fromSeed(seed, 'moments');
    try {
      for (let i = 0; i < kills; i += 1) {
        const endings: Ending[] = ['close tab', 'crash renderer', 'quit'];
        const ending = i % 8 === 7 ? (endings[random.nextInt(3)] ?? 'kill') : 'kill';
        await trial.session(random, ending, 2000);
        if (i % 10 === 9) console.warn(title, `seed ${seed}`, summary(trial));
      }
      const group = await trial.start();
      await trial.openAndCheck(group);
      await group.quit();
      console.warn(title, `seed ${seed}`, summary(trial), [...trial.report.notices]);
    } finally {
      trial.dispose();
    }
    expect(trial.report.sessions).toBeGreaterThan(kills);
  });

  test.each<LevelDb>(['IndexedDB', 'Paths'])(
    'a torn tail in %s, then three sessions: nothing lost',
    async (which) => {
      const trial = new BareStoreTrial({ url: served.url, seed: 77, args });
      try {
        for (let session = 0; session < 4; session += 1) {
          const group = await trial.start();
          const page = await trial.openAndCheck(group);
          await trial.writeSteps(page, 60);
          await group.kill();
          if (session === 0)
            expect(tearTails(trial.profile, which) > 0 || args[0]?.startsWith('--enable')).toBe(true);
        }
        const group = await trial.start();
        await trial.openAndCheck(group);
        await group.quit();
        console.warn(title, which, summary(trial), [...trial.report.notices]);
      } finally {
        trial.dispose();
      }
    },
  );
});

function summary({ report }: BareStoreTrial): string {
  const { sessions, acknowledged, carriedOut, tornTails, rebuilt, longestScanMs } = report;
  return `${sessions} sessions, ${acknowledged} steps acknowledged, ${carriedOut} carried out, ${tornTails} torn tails, ${rebuilt} indexes rebuilt, longest scan ${longestScanMs.toFixed(0)} ms`;
}
