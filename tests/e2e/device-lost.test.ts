import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppSession, extract, finished, pauseAfter, pickFolder, saveExport, numpy } from './app-session.ts';
import { writeAudioFolder } from './audio-folder.ts';

const CLIPS = 4;

let session: AppSession;
beforeAll(async () => {
  session = await AppSession.start();
});
afterAll(() => session.close());

test('the GPU process crashes in the middle: the device is opened anew and the shard in hand redone', async () => {
  const page = await session.open('?device=webgpu');
  expect(await page.evaluate(() => window.playground.device())).toMatchObject({ backend: 'webgpu' });
  const dataset = await pickFolder(page, await writeAudioFolder(CLIPS));
  const id = await extract(page, dataset, { shardSize: 1, batchSize: 1 });
  const { done } = await pauseAfter(page, id, 1);
  expect(done).toBeLessThan(CLIPS);
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    window.playground.subscribe((event) => {
      if (event.type === 'notice') heard.push(event.text);
    });
  });
  await page.evaluate((each) => window.playground.resume(each), id);
  await page.waitForFunction(async (each) => (await window.playground.job(each)).state === 'running', id);
  const browser = session.context.browser();
  if (!browser) throw new Error('The context has no browser.');
  const cdp = await browser.newBrowserCDPSession();
  await cdp.send('Browser.crashGpuProcess');
  const result = await finished(page, id);
  expect(result).toMatchObject({ state: 'finished', done: CLIPS, failed: 0 });
  const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  expect(heard).toContainEqual(expect.stringMatching(/The device failed .* rebuilt and the shard in hand/));
  expect(numpy(await saveExport(page, id), 'bool(np.isfinite(f["embeddings"]).all())') ?? true).toBe(true);
});
