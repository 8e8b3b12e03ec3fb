import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatasetStatus, JobStatus } from '../../src/engine/protocol.ts';
import { AppSession, extract, finished, job, numpy, pickFolder, saveExport } from './app-session.ts';
import { chirp, wavBytes, writeFile } from './audio-folder.ts';

/** One folder with all that goes wrong in real ones, beside clips that are fine. */

const LONG_SEC = 125;
const NON_BMP = 'good/𝄞 violin 🎻.wav';
const GOOD = ['good/clip0.wav', 'good/clip1.wav', 'good/clip2.wav', NON_BMP];
const FIXTURES = new URL('../fixtures/audio/', import.meta.url);

const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));

async function writeMixedFolder(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'mixed-')), 'mixed');
  const put = (path: string, bytes: Uint8Array | string): void =>
    writeFile(join(folder, path), typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  for (const [seed, path] of GOOD.entries()) put(path, wavBytes(chirp(seed, 16_000), 16_000));

  const whole = wavBytes(chirp(9, 16_000), 16_000);
  put('bad/empty.wav', '');
  put('bad/no samples.wav', wavBytes(new Float32Array(0), 16_000));
  put('bad/header-only.wav', whole.subarray(0, 44));
  put('bad/truncated.wav', whole.subarray(0, 2000));
  put('bad/truncated.flac', fixture('mono-16k.flac').subarray(0, 3000));
  put('bad/text.wav', 'These are the minutes of a meeting, saved under the wrong name.\n'.repeat(40));
  put('bad/page.mp3', '<!doctype html><html><title>404</title>');
  put('bad/short.wav', wavBytes(chirp(3, 16_000).subarray(0, 160), 16_000));
  put('bad/nan.wav', floatWav(Float32Array.from(chirp(4, 16_000), (v, i) => (i === 5000 ? Number.NaN : v))));
  put('odd/aiff inside.wav', fixture('mono-16k.aiff'));
  put('odd/aac inside.mp3', fixture('mono-44k.aac'));
  put('odd/float.wav', floatWav(chirp(5, 16_000)));
  put('long/hours.wav', wavBytes(longSignal(), 8000));
  put(
    'labels.csv',
    '\uFEFFpath,label,speaker\r\n' +
      'good/clip0.wav,007,s1\r\n' +
      'good/clip1.wav,"two\nlines, quoted ""so""",s2\r\n' +
      'good/clip1.wav,"two\nlines, quoted ""so""",s2\r\n' +
      'good/clip2.wav,1e3,s1\r\n' +
      'good/clip2.wav,1000,s1\r\n' +
      `${NON_BMP},007,"müller, 𝕵"\r\n` +
      'good/gone.wav,007,s1\r\n' +
      'odd/aiff inside.wav,1e3,\r\nodd/aac inside.mp3,1e3,\r\nodd/float.wav,1e3,\r\nlong/hours.wav,1e3,\r\n',
  );
  return folder;
}

/** A mono 32-bit float WAV file at 16 kHz. */
function floatWav(samples: Float32Array): Buffer {
  const bytes = Buffer.alloc(44 + samples.length * 4);
  wavBytes(new Float32Array(0), 16_000).copy(bytes);
  bytes.writeUInt32LE(36 + samples.length * 4, 4);
  bytes.writeUInt16LE(3, 20);
  bytes.writeUInt32LE(64_000, 28);
  bytes.writeUInt16LE(4, 32);
  bytes.writeUInt16LE(32, 34);
  bytes.writeUInt32LE(samples.length * 4, 40);
  for (const [i, sample] of samples.entries()) bytes.writeFloatLE(sample, 44 + i * 4);
  return bytes;
}

function longSignal(): Float32Array {
  const samples = new Float32Array(LONG_SEC * 8000);
  for (let i = 0; i < samples.length; i += 1) samples[i] = 0.3 * Math.sin(i * 0.2 + Math.sin(i * 1e-4));
  return samples;
}

let session: AppSession;
let page: Page;
let dataset: DatasetStatus;
let result: JobStatus;

beforeAll(async () => {
  session = await AppSession.start();
  page = await session.open();
  const id = await pickFolder(page, await writeMixedFolder());
  dataset = await page.evaluate(
    async (wanted) => (await window.playground.datasets()).find((each) => each.id === wanted)!,
    id,
  );
});
afterAll(() => session.close());

describe('a folder with everything wrong in it', () => {
  test.each([
    ['bad/empty.wav', 'EmptyAudioError'],
    ['bad/no samples.wav', 'EmptyAudioError'],
    ['bad/header-only.wav', 'TruncatedAudioError'],
    ['bad/truncated.wav', 'TruncatedAudioError'],
    ['bad/text.wav', 'NotAudioError'],
    ['bad/page.mp3', 'NotAudioError'],
    ['bad/short.wav', 'TooShortAudioError'],
    ['good/gone.wav', 'MissingFileError'],
  ])('%s is set aside as %s before anything runs', (path, errorName) => {
    const found = dataset.rejects.find((reject) => reject.path === path);
    expect(found).toMatchObject({ path, errorName });
    expect(found?.reason).toMatch(/^.{20,}[.)]$/su);
  });

  test('the table says what is odd about the CSV', () => {
    const notices = dataset.notices.join('\n');
    expect(notices).toMatch(/labels\.csv: 1 row only repeats an earlier one/);
    expect(notices).toMatch(/labels\.csv: 1 row says something else .*good\/clip2\.wav/);
    expect(notices).toMatch(
      /labels\.csv: 1 of 11 rows names a file that is not among those given.*gone\.wav/,
    );
  });

  test('labels are text as written: leading zeros, line breaks and all', async () => {
    expect(dataset.classes).toEqual(['007', '1e3', 'two\nlines, quoted "so"']);
    expect(dataset.speakers).toContain('müller, 𝕵');
    const rows = await page.evaluate((id) => window.playground.utterances(id), dataset.id);
    expect(rows.find(({ path }) => path === NON_BMP)).toMatchObject({ label: '007' });
  });

  test('the page shows each of them with its reason', async () => {
    await page.goto(`${page.url().split('#')[0]}#/data`);
    await page.getByRole('heading', { name: 'Set aside' }).waitFor();
    const text = await page.evaluate(allText);
    for (const { path, reason } of dataset.rejects) {
      expect(text).toContain(path);
      expect(text).toContain(reason);
    }
    for (const notice of dataset.notices) expect(text).toContain(notice);
  });

  test('the rest is extracted, and what fails on the way is named', async () => {
    const id = await extract(page, dataset.id, { shardSize: 5 });
    result = await finished(page, id);
    expect(result.state).toBe('finished');
    const failed = new Map(result.failures.map(({ path, errorName }) => [path, errorName]));
    expect(failed.get('bad/nan.wav')).toBe('NonFiniteAudioError');
    expect(failed.get('bad/truncated.flac')).toMatch(/^(?:Truncated|Damaged)AudioError$/);
    for (const path of [...GOOD, 'odd/aiff inside.wav', 'odd/float.wav', 'long/hours.wav'])
      expect(failed.has(path), path).toBe(false);
    // Chromium is built with and without AAC: where it cannot, the file is named, nothing else.
    failed.delete('odd/aac inside.mp3');
    expect(failed.size).toBe(2);
    expect(result.done + result.failed).toBe(result.total);
    await page.goto(`${page.url().split('#')[0]}#/extract/${id}`);
    await page.getByRole('heading', { name: 'Clips set aside' }).waitFor();
    const text = await page.evaluate(allText);
    for (const { path, reason } of result.failures) {
      expect(text).toContain(path);
      expect(text).toContain(reason);
    }
  });

  test('the export holds exactly the clips that could be embedded, readable by numpy', async () => {
    const file = await saveExport(page, result.id);
    const read = numpy(
      file,
      '{"shape": f["embeddings"].shape, "finite": bool(np.isfinite(f["embeddings"]).all()), "rows": ' +
        'dict(zip(f["paths"].tolist(), zip(f["labels"].tolist(), f["speakers"].tolist()))), ' +
        '"index": f["sample_index"].tolist(), "kinds": sorted(set(f[k].dtype.kind for k in f.files))}',
    ) as { rows: Record<string, [string, string]>; shape: number[]; finite: boolean; kinds: string[] } | null;
    if (!read) return;
    expect(read.shape[0]).toBe(result.done);
    expect(read.finite).toBe(true);
    expect(read.kinds).toEqual(['U', 'f', 'i']);
    expect(read.rows[NON_BMP]).toEqual(['007', 'müller, 𝕵']);
    expect(read.rows['good/clip1.wav']).toEqual(['two\nlines, quoted "so"', 's2']);
    expect(read.rows['good/clip2.wav']).toEqual(['1e3', 's1']);
    expect(read.rows['long/hours.wav']).toBeDefined();
    expect(read.rows['bad/nan.wav']).toBeUndefined();
  });

  test('failed clips are told again after a reload', async () => {
    await page.reload();
    await page.waitForFunction(() => 'playground' in window);
    expect((await job(page, result.id)).failures).toEqual(result.failures);
  });
});

/** The page's text with that of every shadow root. */
function allText(): string {
  const read = (root: Document | ShadowRoot | Element): string => {
    let text = '';
    for (const node of root.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) text += node.textContent ?? '';
      else if (node instanceof HTMLElement && !['STYLE', 'SCRIPT'].includes(node.tagName))
        text += read(node.shadowRoot ?? node) + (node.shadowRoot ? read(node) : '');
    }
    return text;
  };
  return read(document);
}
