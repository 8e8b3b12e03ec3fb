import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';
import { BareStoreTrial } from '../crash/bare-store.ts';
import { serveCrashPage, type ServedPage } from '../crash/crash-page.ts';
import { tearTails } from '../crash/leveldb-tail.ts';

/** A few of the sessions that `npm run test:crash` has hundreds of. */
let served: ServedPage;
beforeAll(async () => {
  served = await serveCrashPage();
});
afterAll(() => served.close());

test('a killed browser, a crashed renderer and a torn LevelDB tail lose nothing that was acknowledged', async () => {
  const trial = new BareStoreTrial({ url: served.url, seed: 11 });
  const random = Rng.fromSeed(11, 'moments');
  try {
    await trial.session(random, 'kill', 500);
    expect(tearTails(trial.profile, 'IndexedDB') + tearTails(trial.profile, 'Paths')).toBeGreaterThan(1);
    await trial.session(random, 'crash renderer', 500);
    await trial.session(random, 'kill', 500);
    const group = await trial.start();
    await trial.openAndCheck(group);
    await group.quit();
  } finally {
    trial.dispose();
  }
  expect(trial.report.acknowledged).toBeGreaterThan(0);
});

test('where the quota is full, writing stops with a sentence, and what was committed is whole', async () => {
  const trial = new BareStoreTrial({ url: served.url, seed: 12 });
  const group = await trial.start();
  try {
    const page = await trial.openAndCheck(group);
    await trial.writeSteps(page, 3);
    const session = await group.context.newCDPSession(page);
    const { origin } = new URL(served.url);
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 2e6 });
    await page.waitForFunction(() => window.writingError !== null, undefined, { timeout: 60_000 });
    const error = await page.evaluate(() => window.writingError);
    expect(error?.name).toBe('StorageFullError');
    expect(error?.message).toContain('Everything committed so far is safe');
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await page.close();
    const again = await trial.openAndCheck(group);
    await trial.writeFor(again, 1000);
  } finally {
    await group.kill();
    trial.dispose();
  }
});
