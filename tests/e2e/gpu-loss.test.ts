import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunStatus } from '../../src/engine/training-protocol.ts';
import { encodeNpz } from '../../src/shards/npz.ts';
import { epochDigest } from '../crash/training-trial.ts';
import { openBuiltPage, type BuiltPage } from './built-page.ts';

let app: BuiltPage;
beforeAll(async () => {
  app = await openBuiltPage('?device=webgpu');
});
afterAll(() => app.close());

test('a GPU that crashes in the middle of an epoch is opened again, and the run goes on to the same bits', async () => {
  const { page, browser } = app;
  await page.waitForFunction(() => 'playground' in window);
  const notices: string[] = [];
  await page.exposeFunction('noted', (text: string) => notices.push(text));
  await page.evaluate(() => {
    window.playground.subscribe((event) => {
      if (event.type === 'notice') (window as unknown as { noted(text: string): void }).noted(event.text);
    });
  });
  const npz = Buffer.from(
    encodeNpz({
      embeddings: { shape: [64, 8], data: Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * i)) },
      labels: { shape: [64], data: Array.from({ length: 64 }, (_, i) => `class ${i % 2}`) },
    }),
  ).toString('base64');
  const train = (): Promise<string> =>
    page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      return window.playground.train({
        extraction: new File([bytes], 'waves.npz'),
        epochs: 12,
        batchSize: 8,
        checkpointEverySteps: 3,
      });
    }, npz);
  const ended = (run: string): Promise<RunStatus> =>
    page.evaluate((id) => window.playground.runFinished(id), run);
  const id = await train();
  await page.waitForFunction(async (run) => (await window.playground.run(run)).epoch >= 2, id);
  await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
  const lost = await ended(id);
  expect(lost).toMatchObject({ state: 'finished', epoch: 12 });
  expect(notices.join(' ')).toContain('It is rebuilt');
  const whole = await ended(await train());
  expect(lost.device).toBe(whole.device);
  expect((await epochDigest(page, id, null)).digest).toBe((await epochDigest(page, whole.id, null)).digest);
});
