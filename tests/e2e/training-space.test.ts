import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { RunStatus } from '../../src/engine/training-protocol.ts';
import { cloudsNpz, epochDigest } from '../crash/training-trial.ts';
import { AppSession } from './app-session.ts';

const EPOCHS = 30;
const npz = Buffer.from(cloudsNpz(200, 64)).toString('base64');

/** Starts a run that keeps every checkpoint, each some 0.8 MB. */
function train(page: Page, hidden = 1024, lasting = EPOCHS): Promise<string> {
  return page.evaluate(
    async ([bytes, size, epochs]) =>
      window.playground.train({
        extraction: new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], 'clouds.npz'),
        head: { kind: 'mlp', hidden: [size], dropout: 0.2 },
        epochs,
        retention: { kind: 'all' },
      }),
    [npz, hidden, lasting] as const,
  );
}

/** Waits until a run is paused, by whom ever. */
function paused(page: Page, id: string): Promise<RunStatus> {
  return page.evaluate(async (run) => {
    for (;;) {
      const status = await window.playground.run(run);
      if (status.state === 'paused' || status.state === 'failed' || status.state === 'finished')
        return status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }, id);
}

test('where the quota is full a run pauses with a sentence; with room again it ends in the same bits', async () => {
  const session = await AppSession.start();
  try {
    let page = await session.open('?device=wasm');
    const end = (run: string): Promise<RunStatus> =>
      page.evaluate((each) => window.playground.runFinished(each), run);
    // A first run, so that all that a new store makes for itself is there.
    const small = await train(page, 8, 1);
    await end(small);
    const { origin } = new URL(session.url);
    // A quota holds as long as the session that set it: that of a page which stays open.
    const quota = await session.context.newCDPSession(await session.blank());
    const { usage } = await quota.send('Storage.getUsageAndQuota', { origin });
    await quota.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 10_000_000 });
    const id = await train(page);
    const full = await paused(page, id);
    expect(full.state).toBe('paused');
    expect(full.notice).toMatch(/no room left/);
    expect(full.epoch).toBeGreaterThan(0);
    expect(full.epoch).toBeLessThan(EPOCHS);

    // A reload on the full disk finds every checkpoint that was told as written.
    await page.close();
    const { usage: left } = await quota.send('Storage.getUsageAndQuota', { origin });
    await quota.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: left });
    page = await session.open('?device=wasm');
    const found = await page.evaluate((run) => window.playground.run(run), id);
    expect(found.epoch).toBe(full.epoch);
    expect((await epochDigest(page, id, null)).epoch).toBe(full.epoch);
    // What makes room works where there is none.
    await page.evaluate((run) => window.playground.removeRun(run), small);
    expect((await page.evaluate(() => window.playground.runs())).map((run) => run.id)).toEqual([id]);
    await quota.send('Storage.overrideQuotaForOrigin', { origin });
    await page.evaluate((run) => window.playground.resumeRun(run), id);
    expect(await end(id)).toMatchObject({ state: 'finished' });

    const undisturbed = await train(page);
    expect(await end(undisturbed)).toMatchObject({ state: 'finished' });
    expect((await epochDigest(page, id, EPOCHS)).digest).toBe(
      (await epochDigest(page, undisturbed, EPOCHS)).digest,
    );
  } finally {
    await session.close();
  }
});
