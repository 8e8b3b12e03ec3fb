import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ExtractRequest } from '../../src/engine/protocol.ts';
import {
  AppSession,
  extract,
  finished,
  job,
  numpy,
  pauseAfter,
  pickFolder,
  refusal,
  saveExport,
} from './app-session.ts';
import { writeAudioFolder, writeFile } from './audio-folder.ts';

/** What goes wrong after the start: each time the final file is the one of a run in which nothing went wrong. */

const CLIPS = 40;
const TOUCHED = 'class1/voice5_5.wav';

let session: AppSession;
let folder: string;
let dataset: string;
let page: Page;

type Settings = Omit<ExtractRequest, 'dataset' | 'encoder'>;

/** The file of an extraction in one go, its shards removed afterwards so that a test can start from nothing. */
async function undisturbed(settings: Settings): Promise<string> {
  const id = await extract(page, dataset, settings);
  expect((await finished(page, id)).state).toBe('finished');
  const file = await saveExport(page, id);
  await page.evaluate((each) => window.playground.remove(each), id);
  return file;
}

async function reopen(): Promise<void> {
  await page.close();
  page = await session.open();
  dataset = await pickFolder(page, folder);
}

/** Fails with cmp's own words where the files differ. */
function expectSameBytes(a: string, b: string): void {
  expect(execFileSync('cmp', [a, b], { encoding: 'utf8' })).toBe('');
}

/** Sentences that the page was told since it was opened. */
async function listenForNotices(): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    window.playground.subscribe((event) => {
      if (event.type === 'notice') heard.push(event.text);
    });
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

let straight: string;

beforeAll(async () => {
  session = await AppSession.start();
  folder = await writeAudioFolder(CLIPS);
  page = await session.open();
  dataset = await pickFolder(page, folder);
  straight = await undisturbed({ shardSize: 100 });
});
afterAll(() => session.close());

describe('one tab', () => {
  beforeEach(reopen);

  test('paused, resumed with other shards, stopped, exported in part and resumed, the file is the same', async () => {
    const id = await extract(page, dataset, { shardSize: 5 });
    const paused = await pauseAfter(page, id, 1);
    expect(paused).toMatchObject({ state: 'paused', notice: null, total: CLIPS });
    expect(paused.done).toBeGreaterThanOrEqual(5);
    expect(paused.done).toBeLessThan(CLIPS);
    const part = await saveExport(page, id);
    expect(numpy(part, 'f["sample_index"].tolist()') ?? paused.done).toEqual(
      numpy(part, `list(range(${paused.done}))`) ?? paused.done,
    );

    await page.evaluate((each) => window.playground.resume(each, { shardSize: 7 }), id);
    const stopped = await pauseAfter(page, id, paused.shards.filter(isCommitted).length + 1, 'stop');
    expect(stopped.state).toBe('stopped');
    expect(stopped.done).toBeGreaterThan(paused.done);
    expect((await finished(page, id)).state).toBe('stopped');

    await page.evaluate((each) => window.playground.resume(each, { shardSize: 3, batchSize: 2 }), id);
    await page.evaluate((each) => window.playground.exportEmbeddings(each), id);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS, failed: 0 });
    expectSameBytes(await saveExport(page, id), straight);
  });

  test('a byte flipped in a committed shard is found; repair redoes that shard alone', async () => {
    const id = await extract(page, dataset, { shardSize: 5 });
    await page.evaluate((each) => window.playground.remove(each), id);
    await extract(page, dataset, { shardSize: 5 });
    const { shards } = await finished(page, id);
    expect(shards).toHaveLength(CLIPS / 5);
    const { name } = shards[3]!;
    const bytes = await page.evaluate(
      async ([each, shard]) => [
        ...new Uint8Array(await (await window.playground.exportShard(each, shard)).arrayBuffer()),
      ],
      [id, name] as const,
    );
    await page.close();
    await flipByte(Buffer.from(bytes));
    page = await session.open();

    const report = await page.evaluate((each) => window.playground.verify(each), id);
    expect(report.damaged).toEqual([name]);
    expect(report.summary).toContain(name);
    const found = await job(page, id);
    expect(found).toMatchObject({ state: 'interrupted', done: CLIPS - 5 });
    expect(found.shards.map(({ state }) => state)).toEqual(
      shards.map((shard) => (shard.name === name ? 'damaged' : 'verified')),
    );
    // Without the recordings nothing can be computed, but all the rest can be had.
    const waiting = await page.evaluate((each) => window.playground.repair(each), id);
    expect(waiting.notice).toMatch(/Open .* again and resume/);
    await page.evaluate((each) => window.playground.exportEmbeddings(each), id);

    dataset = await pickFolder(page, folder);
    const begun = await page.evaluate((each) => window.playground.repair(each), id);
    expect(begun.total - begun.done).toBeLessThanOrEqual(5);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS });
    expectSameBytes(await saveExport(page, id), straight);
  });

  test('a clip that was changed since is noticed, and its shard alone is computed again', async () => {
    const id = await extract(page, dataset, { shardSize: 5 });
    await finished(page, id);
    const path = join(folder, TOUCHED);
    const original = readFileSync(path);
    const other = Buffer.from(original);
    other.subarray(44).reverse();
    writeFileSync(path, other);
    try {
      await reopen();
      const notices = await listenForNotices();
      expect(await extract(page, dataset)).toBe(id);
      const begun = await job(page, id);
      expect(begun.done).toBeGreaterThanOrEqual(CLIPS - 5);
      expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS });
      expect(await notices()).toContainEqual(expect.stringContaining(`“${TOUCHED}” changed`));
      const changed = await saveExport(page, id);
      expect(numpy(changed, `f["paths"][${differingRows(straight)}].tolist()`) ?? [TOUCHED]).toEqual([
        TOUCHED,
      ]);
    } finally {
      writeFileSync(path, original);
    }
    // Only touched, with the same content as when it was embedded: nothing to do.
    await reopen();
    await page.evaluate((each) => window.playground.resume(each), id);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS });
    expectSameBytes(await saveExport(page, id), straight);
  });

  test('a clip that could not be read is retried on request', async () => {
    const path = join(folder, TOUCHED);
    const original = readFileSync(path);
    await page.evaluate(async () => {
      for (const { id } of await window.playground.jobs()) await window.playground.remove(id);
    });
    rmSync(path);
    const id = await extract(page, dataset, { shardSize: 5 });
    const once = await finished(page, id);
    expect(once).toMatchObject({ state: 'finished', failed: 1, done: CLIPS - 1 });
    expect(once.failures).toMatchObject([{ path: TOUCHED, errorName: 'UnreadableFileError' }]);
    await page.evaluate((each) => window.playground.resume(each, { retryFailed: true }), id);
    expect((await finished(page, id)).failures).toEqual(once.failures);

    writeFileSync(path, original);
    await reopen();
    const resumed = await page.evaluate((each) => window.playground.resume(each), id);
    expect(resumed).toMatchObject({ state: 'finished', failed: 1 });
    await page.evaluate((each) => window.playground.resume(each, { retryFailed: true }), id);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', failed: 0, done: CLIPS });
    expectSameBytes(await saveExport(page, id), straight);
  });

  test('a folder that goes away pauses the extraction; opened again, it goes on', async () => {
    await page.evaluate(async () => {
      for (const { id } of await window.playground.jobs()) await window.playground.remove(id);
    });
    renameSync(folder, `${folder}-away`);
    let id: string;
    try {
      id = await extract(page, dataset, { shardSize: 5 });
      const gone = await finished(page, id, 'paused');
      expect(gone.notice).toMatch(/moved or unplugged/);
      expect(gone).toMatchObject({ done: 0, failed: 0 });
    } finally {
      renameSync(`${folder}-away`, folder);
    }
    dataset = await pickFolder(page, folder);
    await page.evaluate((each) => window.playground.resume(each), id);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS, failed: 0 });
    expectSameBytes(await saveExport(page, id), straight);
  });

  test('where the quota is full it pauses with a sentence; with room again the file is the same', async () => {
    const settings: Settings = { layers: 'all', pooling: 'none' };
    const whole = await undisturbed(settings);
    const id = await extract(page, dataset, { ...settings, shardSize: 5 });
    const before = await pauseAfter(page, id, 2);
    // A quota holds as long as the session that set it: that of a page which stays open.
    const keeper = await session.blank();
    const quota = await session.context.newCDPSession(keeper);
    const { origin } = new URL(session.url);
    const { usage } = await quota.send('Storage.getUsageAndQuota', { origin });
    await quota.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 300_000 });
    await page.evaluate((each) => window.playground.resume(each), id);
    const full = await finished(page, id, 'paused');
    expect(full.notice).toMatch(/no room left.*Everything committed so far is safe/);
    expect(full.done).toBeGreaterThanOrEqual(before.done);
    expect(full.done).toBeLessThan(CLIPS);
    expect((await page.evaluate((each) => window.playground.verify(each), id)).damaged).toEqual([]);
    // A reload on the full disk finds everything, and resuming still says why it cannot.
    await reopen();
    expect((await job(page, id)).done).toBe(full.done);
    // Closing gave back what Chromium had set aside for open files.
    const { usage: left } = await quota.send('Storage.getUsageAndQuota', { origin });
    await quota.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: left });
    await page.evaluate((each) => window.playground.resume(each), id);
    expect((await finished(page, id, 'paused')).notice).toMatch(/no room left/);
    await keeper.close();
    await page.evaluate((each) => window.playground.resume(each), id);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS });
    expectSameBytes(await saveExport(page, id), whole);
    await page.evaluate((each) => window.playground.remove(each), id);
  });

  test('other settings are another extraction, said in words; labels are not', async () => {
    const id = await extract(page, dataset);
    const other = await extract(page, dataset, {
      layers: [0, 2],
      augmentations: { versions: 1, seed: 7, noiseSnrDb: { min: 5, max: 15 } },
    });
    expect(other).not.toBe(id);
    const words = await page.evaluate(([a, b]) => window.playground.difference(a, b), [id, other] as const);
    expect(words.join('\n')).toMatch(/[Ll]ayer/);
    expect(words.join('\n')).toMatch(/[Aa]ugment|version|noise/i);
    expect(await finished(page, other)).toMatchObject({ state: 'finished', done: CLIPS * 2 });
    const augmented = await saveExport(page, other);
    expect(numpy(augmented, '[f["embeddings"].shape, f["paths"][:2].tolist()]') ?? null).toEqual(
      numpy(
        augmented,
        '[[80, 2, f["embeddings"].shape[2]], ["class0/voice0_0.wav", "class0/voice0_0.wav#aug1"]]',
      ),
    );
    await page.evaluate((each) => window.playground.remove(each), other);

    await finished(page, id);
    const schemes = await page.evaluate(() => window.playground.labelSchemes());
    expect(schemes.map((scheme) => scheme.id)).toContain('none');
    await page.evaluate((each) => window.playground.useLabelScheme(each, 'none'), dataset);
    expect(await extract(page, dataset)).toBe(id);
    const unlabelled = await saveExport(page, id);
    expect(numpy(unlabelled, 'sorted(set(f["labels"].tolist()))') ?? ['']).toEqual(['']);
    await page.evaluate((each) => window.playground.useLabelScheme(each, 'folder'), dataset);
    expectSameBytes(await saveExport(page, id), straight);
  });
});

describe('a second tab', () => {
  let second: Page;
  beforeAll(async () => {
    await reopen();
  });
  afterEach(() => second?.close());

  test('watches live, cannot write, and takes over when the first one is closed', async () => {
    const id = await extract(page, dataset, { pooling: 'mean+std', shardSize: 5 });
    await pauseAfter(page, id, 1);
    second = await session.open();
    await second.waitForFunction(async (each) => (await window.playground.job(each)).state === 'paused', id);
    const seen = await job(second, id);
    expect(seen).toMatchObject({ writable: false, state: 'paused', done: (await job(page, id)).done });
    const { id: encoder } = await second.evaluate(() => window.playground.loadEncoder('wavlm-nano'));
    for (const method of ['pause', 'resume', 'stop', 'remove', 'compact', 'repair'] as const)
      expect(await refusal(second, method, id), method).toMatchObject({ name: 'NotWriterError' });
    expect(await refusal(second, 'extract', { dataset, encoder })).toMatchObject({ name: 'NotWriterError' });

    const live = second.evaluate(
      (each) =>
        new Promise<number[]>((resolve) => {
          const counts: number[] = [];
          window.playground.subscribe((event) => {
            if (event.type !== 'job' || event.job.id !== each || event.job.writable) return;
            counts.push(event.job.done);
            if (event.job.state === 'running' && event.job.done > (counts[0] ?? 0)) resolve(counts);
          });
        }),
      id,
    );
    await page.evaluate((each) => window.playground.resume(each), id);
    const counts = await live;
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    const left = await page.evaluate((each) => window.playground.pause(each), id);
    expect(left.state).toBe('paused');
    await page.close();

    await second.waitForFunction(async (each) => (await window.playground.job(each)).writable, id);
    expect(await job(second, id)).toMatchObject({ state: 'paused', done: left.done });
    await pickFolder(second, folder);
    await second.evaluate((each) => window.playground.resume(each), id);
    expect(await finished(second, id)).toMatchObject({ state: 'finished', done: CLIPS });
    const taken = await saveExport(second, id);
    expect(numpy(taken, 'f["embeddings"].shape[0]') ?? CLIPS).toBe(CLIPS);
  });
});

describe('a browser that gives no storage', () => {
  test('says so on the page', async () => {
    const blocked = await AppSession.start(blockSiteData);
    try {
      const tab = await blocked.context.newPage();
      await tab.goto(blocked.url);
      await tab
        .getByText(/gives the page no private storage/)
        .first()
        .waitFor();
    } finally {
      await blocked.close();
    }
  });
});

/** Numpy's expression for the rows in which a file's embeddings differ from those of another. */
function differingRows(path: string): string {
  return `np.any(f["embeddings"] != np.load(${JSON.stringify(path)})["embeddings"], axis=1)`;
}

function isCommitted({ state }: { readonly state: string }): boolean {
  return state === 'done' || state === 'verified';
}

/** Finds a shard's bytes in the store's files and turns one bit in their middle; the app is not open. */
async function flipByte(shard: Buffer): Promise<void> {
  const blank = await session.blank();
  const middle = shard.length >> 1;
  const flipped = await blank.evaluate(
    async ([needle, inside]) => {
      const wanted = Uint8Array.from(needle);
      const search = async (directory: FileSystemDirectoryHandle): Promise<number> => {
        let count = 0;
        for await (const handle of directory.values()) {
          if (handle.kind === 'directory') {
            count += await search(handle);
            continue;
          }
          const file = handle;
          const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer());
          for (let at = 0; at + wanted.length <= bytes.length; at += 1) {
            if (bytes[at] !== wanted[0] || !wanted.every((byte, i) => bytes[at + i] === byte)) continue;
            const writable = await file.createWritable({ keepExistingData: true });
            await writable.write({
              type: 'write',
              position: at + inside,
              data: Uint8Array.of(wanted[inside]! ^ 1),
            });
            await writable.close();
            count += 1;
          }
        }
        return count;
      };
      const root = await navigator.storage.getDirectory();
      return search(await root.getDirectoryHandle('record-store'));
    },
    [[...shard.subarray(middle, middle + 64)], 32] as const,
  );
  await blank.close();
  // Shards of extractions that were removed may lie there still; they count for nothing.
  expect(flipped).toBeGreaterThan(0);
}

/** The setting "block all site data" in an empty profile. */
function blockSiteData(profile: string): void {
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFile(join(profile, 'Default', 'Preferences'), Buffer.from(JSON.stringify(preferences)));
}
