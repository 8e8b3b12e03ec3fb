import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHub } from '../browser/hub-server.ts';
import { AppSession, finished, job, numpy, pauseAfter, pickFolder, saveExport } from './app-session.ts';
import { writeAudioFolder, writeFile } from './audio-folder.ts';

/** Checkpoints from disk and from a hub, good and bad, through the scripting API and the page's own input. */

const GOLDEN = new URL('../fixtures/golden/', import.meta.url);
const CLIPS = 20;

type Files = Readonly<Record<string, Buffer>>;

function golden(name: string): Files {
  const read = (file: string): Buffer => readFileSync(new URL(`${name}/${file}`, GOLDEN));
  return {
    'config.json': read('config.json'),
    'preprocessor_config.json': read('preprocessor_config.json'),
    'model.safetensors': read('model.safetensors'),
  };
}

const good = golden('wavlm-base');
const weights = good['model.safetensors']!;

/** One value of the first tensor replaced by NaN. */
function withNan(): Buffer {
  const bytes = Buffer.from(weights);
  bytes.writeFloatLE(Number.NaN, 8 + Number(bytes.readBigUInt64LE(0)) + 40);
  return bytes;
}

const badCheckpoints: readonly (readonly [string, Files, string])[] = [
  [
    'a Git LFS pointer',
    {
      ...good,
      'model.safetensors': Buffer.from(
        `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 377569754\n`,
      ),
    },
    'GitLfsPointerError',
  ],
  [
    'a web page',
    { ...good, 'model.safetensors': Buffer.from('<!DOCTYPE html><html><title>Sign in</title></html>') },
    'HtmlPageError',
  ],
  [
    'a download that was cut off',
    { ...good, 'model.safetensors': weights.subarray(0, 200_000) },
    'TruncatedCheckpointError',
  ],
  [
    'a model of another kind',
    { ...good, 'config.json': Buffer.from('{"model_type":"bert"}') },
    'UnsupportedEncoderError',
  ],
  ['NaN weights', { ...good, 'model.safetensors': withNan() }, 'NonFiniteTensorError'],
  [
    'a folder without its preprocessor config',
    { 'config.json': good['config.json']!, 'model.safetensors': weights },
    'CheckpointFilesError',
  ],
];

type Loaded =
  | { readonly ok: true; readonly id: string; readonly name: string; readonly weightsHash: string }
  | { readonly ok: false; readonly name: string; readonly message: string };

function loadFiles(page: Page, files: Files): Promise<Loaded> {
  const plain = Object.entries(files).map(([name, bytes]) => [name, bytes.toString('base64')] as const);
  return page.evaluate(async (given): Promise<Loaded> => {
    const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    try {
      const { id, name, weightsHash } = await window.playground.loadEncoder(
        given.map(([name, text]) => new File([bytes(text)], name)),
      );
      return { ok: true, id, name, weightsHash };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { ok: false, name: error.name, message: error.message };
    }
  }, plain);
}

/** Reads a float32 safetensors file. */
function readTensors(path: string): Map<string, { shape: readonly number[]; values: Float32Array }> {
  const bytes = readFileSync(new URL(path, GOLDEN));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => {
          const data = Uint8Array.from(bytes.subarray(start + from, start + to));
          return [name, { shape, values: new Float32Array(data.buffer) }] as const;
        },
      ),
  );
}

let session: AppSession;
let page: Page;
let hub: Awaited<ReturnType<typeof startHub>>;
let folder: string;

beforeAll(async () => {
  hub = await startHub();
  session = await AppSession.start();
  folder = await writeAudioFolder(CLIPS);
  page = await session.open();
});
afterAll(async () => {
  await session.close();
  await hub.close();
});

describe('a checkpoint that cannot be used is named, by the API and on the page', () => {
  test.each(badCheckpoints)('%s', async (_what, files, name) => {
    const refused = await loadFiles(page, files);
    expect(refused).toMatchObject({ ok: false, name });
    const dropped = join(await mkdtemp(join(tmpdir(), 'checkpoint-')), 'my model');
    for (const [file, bytes] of Object.entries(files)) writeFile(join(dropped, file), bytes);
    await page.goto(`${session.url}#/encoder`);
    const said = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const timer = setInterval(() => {
            const stack = document.querySelector('app-shell')?.shadowRoot?.querySelector('notice-stack');
            const text = stack?.shadowRoot?.querySelector('.error p')?.textContent;
            if (!text) return;
            clearInterval(timer);
            resolve(text);
          }, 50);
        }),
    );
    await page.getByTestId('checkpoint-input').setInputFiles(dropped);
    // The page names the folder, where the API was given bare files.
    const sentence = refused.ok ? '' : refused.message;
    expect((await said).replaceAll('my model/', '')).toContain(sentence);
    await page.getByRole('button', { name: 'Dismiss' }).first().click();
  });

  test('after all of them a good one loads, and its hidden states are those of transformers', async () => {
    const loaded = await loadFiles(page, good);
    expect(loaded.ok).toBe(true);
    const clips = [...readTensors('clips.safetensors').values()].map(({ values }) => [...values]);
    const states = await page.evaluate(async (given) => {
      const embedded = await window.playground.embed(
        given.map((samples) => ({ samples: Float32Array.from(samples), sampleRate: 16_000 })),
      );
      return embedded.map(({ data, shape }) => ({ data: [...data], shape }));
    }, clips);
    const expected = readTensors('wavlm-base/expected.safetensors');
    for (const [i, { data, shape }] of states.entries()) {
      const wanted = expected.get(`clip_${i}.hidden_states`)!;
      expect(shape).toEqual(wanted.shape);
      const largest = wanted.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const gap = wanted.values.reduce((most, value, at) => Math.max(most, Math.abs(value - data[at]!)), 0);
      expect(gap / largest, `clip ${i}`).toBeLessThan(1e-4);
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('an extraction goes on after a reload with the encoder that was kept', () => {
  async function extractHalf(encoder: string): Promise<string> {
    const dataset = await pickFolder(page, folder);
    const id = await page.evaluate(
      ([each, by]) => window.playground.extract({ dataset: each, encoder: by, shardSize: 5 }),
      [dataset, encoder] as const,
    );
    const { done } = await pauseAfter(page, id, 1);
    expect(done).toBeLessThan(CLIPS);
    return id;
  }

  async function resumeInNewPage(id: string): Promise<void> {
    await page.close();
    page = await session.open();
    expect(await page.evaluate(() => window.playground.encoders())).toEqual([]);
    await pickFolder(page, folder);
    await page.evaluate((each) => window.playground.resume(each), id);
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS });
  }

  test('dropped from disk', async () => {
    const loaded = await loadFiles(page, golden('hubert-large'));
    if (!loaded.ok) throw new Error(loaded.message);
    const id = await extractHalf(loaded.id);
    await resumeInNewPage(id);
    const file = await saveExport(page, id);
    expect(numpy(file, 'f["embeddings"].shape[0]') ?? CLIPS).toBe(CLIPS);
  });

  test('from a hub, without asking it again', async () => {
    const { id: encoder, name } = await page.evaluate(
      (url) => window.playground.loadEncoder('test/plain', { hub: url }),
      hub.url,
    );
    expect(name).toBe('test/plain');
    const id = await extractHalf(encoder);
    const asked = (await (await fetch(`${hub.url}/seen`)).json()) as object[];
    expect(asked.length).toBeGreaterThan(0);
    await resumeInNewPage(id);
    expect((await (await fetch(`${hub.url}/seen`)).json()) as object[]).toHaveLength(asked.length);
    expect((await job(page, id)).encoder.name).toBe('test/plain');
  });

  test('loading another encoder while one is at work disturbs nothing', async () => {
    const dataset = await pickFolder(page, folder);
    const { id: encoder } = await page.evaluate(() => window.playground.loadEncoder('wavlm-nano'));
    const id = await page.evaluate(
      ([each, by]) => window.playground.extract({ dataset: each, encoder: by, layers: [0], shardSize: 5 }),
      [dataset, encoder] as const,
    );
    await loadFiles(page, golden('wavlm-large'));
    expect(await finished(page, id)).toMatchObject({ state: 'finished', done: CLIPS, failed: 0 });
  });
});
