import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browserArguments, findBrowser } from '../../tools/browser.ts';
import { writeAudioFolder } from './audio-folder.ts';
import { serveBuild } from './built-page.ts';

const CLIPS = 96;

let served: Awaited<ReturnType<typeof serveBuild>>;
let folder: string;
const contexts: BrowserContext[] = [];

/** A browser with a profile of its own, so that what one test stores is not seen by another. */
async function openProfile(): Promise<{ context: BrowserContext; page: Page }> {
  const profile = await mkdtemp(join(tmpdir(), 'profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await findBrowser(),
    args: browserArguments,
    acceptDownloads: true,
  });
  contexts.push(context);
  return { context, page: await openPage(context) };
}

async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(served.url);
  await page.waitForFunction(() => 'playground' in window);
  return page;
}

/** Picks the folder through the page's own input and waits for its dataset. */
async function pickFolder(page: Page): Promise<string> {
  await page.getByTestId('folder-input').setInputFiles(folder);
  return page.evaluate(async () => {
    for (;;) {
      const [dataset] = (await window.playground.datasets()).filter(({ filesAvailable }) => filesAvailable);
      if (dataset && dataset.hours > 0) return dataset.id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

async function startExtraction(page: Page, dataset: string): Promise<string> {
  return page.evaluate(async (id) => {
    const encoder = await window.playground.loadEncoder('wavlm-nano');
    return window.playground.extract({
      dataset: id,
      encoder: encoder.id,
      pooling: 'mean+std',
      shardSize: 10,
    });
  }, dataset);
}

async function shardsCommitted(page: Page, id: string, count: number): Promise<void> {
  await page.evaluate(
    async ([job, wanted]) => {
      for (;;) {
        const { shards } = await window.playground.job(job);
        if (shards.filter(({ state }) => state === 'done').length >= wanted) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    [id, count] as const,
  );
}

async function saveExport(page: Page, id: string, name: string): Promise<string> {
  const download = page.waitForEvent('download');
  await page.evaluate(async (job) => {
    const file = await window.playground.exportEmbeddings(job, { format: 'npz' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    link.click();
  }, id);
  const path = join(await mkdtemp(join(tmpdir(), 'export-')), name);
  await (await download).saveAs(path);
  return path;
}

beforeAll(async () => {
  served = await serveBuild();
  folder = await writeAudioFolder(CLIPS);
});
afterAll(async () => {
  for (const context of contexts) await context.close();
  await served.server.close();
});

test('a folder is extracted, interrupted by a reload, resumed from the last shard, and exported whole', async () => {
  const first = await openProfile();
  const dataset = await pickFolder(first.page);
  const id = await startExtraction(first.page, dataset);
  await shardsCommitted(first.page, id, 3);
  await first.page.close();

  const page = await openPage(first.context);
  const interrupted = await page.evaluate((job) => window.playground.job(job), id);
  expect(interrupted.state).toBe('interrupted');
  expect(interrupted.done).toBeGreaterThanOrEqual(30);
  expect(interrupted.done).toBeLessThan(CLIPS);
  await pickFolder(page);
  await page.evaluate((job) => window.playground.resume(job), id);
  const finished = await page.evaluate((job) => window.playground.finished(job), id);
  expect(finished).toMatchObject({ state: 'finished', done: CLIPS, failed: 0, total: CLIPS });
  const resumed = await saveExport(page, id, 'resumed.npz');

  const second = await openProfile();
  const again = await startExtraction(second.page, await pickFolder(second.page));
  expect(again).toBe(id);
  await second.page.evaluate((job) => window.playground.finished(job), id);
  const straight = await saveExport(second.page, id, 'straight.npz');

  expect(execFileSync('cmp', [resumed, straight]).length).toBe(0);
  const python = '/usr/bin/python3';
  if (!existsSync(python)) return;
  const script = [
    'import sys, json, numpy as np',
    'f = np.load(sys.argv[1], allow_pickle=False)',
    'e = f["embeddings"]',
    'print(json.dumps({"shape": e.shape, "dtype": str(e.dtype), "finite": bool(np.isfinite(e).all()),',
    ' "labels": sorted(set(f["labels"].tolist())), "paths": len(set(f["paths"].tolist())),',
    ' "index": f["sample_index"].tolist() == list(range(len(e))), "spread": float(e.std(axis=0).mean())}))',
  ].join('\n');
  // mean+std: two values for each of the encoder's dimensions.
  const config = JSON.parse(readFileSync('public/models/wavlm-nano/config.json', 'utf8')) as {
    hidden_size: number;
  };
  const numpy = JSON.parse(execFileSync(python, ['-c', script, resumed], { encoding: 'utf8' })) as object;
  expect(numpy).toMatchObject({
    shape: [CLIPS, 2 * config.hidden_size],
    dtype: 'float32',
    finite: true,
    labels: ['class0', 'class1', 'class2', 'class3'],
    paths: CLIPS,
    index: true,
  });
});
