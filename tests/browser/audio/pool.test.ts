import { afterEach, expect, test } from 'vitest';
import { DecodePool } from '../../../src/audio/pool.ts';
import { fixture } from './fixtures.ts';
import { toneWav } from '../../unit/audio/wav-bytes.ts';

const plain = { versions: 0, seed: 1 };
let pool: DecodePool;
afterEach(() => pool.dispose());

test('the pool prepares clips in its workers, resampled to 16 kHz', async () => {
  pool = new DecodePool({ workers: 2 });
  const clips = await Promise.all(
    [8000, 16000, 44100, 48000].map((rate) =>
      pool.prepare({
        file: new Blob([toneWav(440, rate, rate)]),
        path: `${rate}.wav`,
        versions: [0, 1],
        augmentations: { ...plain, gainDb: { min: -6, max: -6 } },
        maxClipSec: 16,
        longClips: 'window',
      }),
    ),
  );
  for (const clip of clips) {
    expect(clip.durationSec).toBe(1);
    expect(clip.contentHash).toMatch(/^[0-9a-f]{32}$/);
    expect(clip.examples.map((example) => example.version)).toEqual([0, 1]);
    for (const example of clip.examples) {
      expect(example.windows).toHaveLength(1);
      expect(example.windows[0]).toHaveLength(16000);
    }
    const [original, quieter] = clip.examples.map((example) => Math.max(...(example.windows[0] ?? [])));
    expect((quieter ?? 0) / (original ?? 1)).toBeCloseTo(10 ** (-6 / 20), 5);
  }
});

test('a bad file fails by its name and leaves the pool at work', async () => {
  pool = new DecodePool({ workers: 1 });
  const request = { versions: [0], augmentations: plain, maxClipSec: 16, longClips: 'window' } as const;
  const bad = pool.prepare({ ...request, file: new Blob(['hello, this is text']), path: 'notes.wav' });
  const good = pool.prepare({ ...request, file: new Blob([toneWav(440, 16000, 8000)]), path: 'good.wav' });
  await expect(bad).rejects.toMatchObject({
    name: 'NotAudioError',
    message: expect.stringContaining('notes.wav'),
  });
  expect((await good).durationSec).toBe(0.5);
});

test('probing answers for every file, in order', async () => {
  pool = new DecodePool({ workers: 2 });
  const files = Array.from({ length: 300 }, (_, i) => ({
    path: `${i}.wav`,
    file: new Blob(i % 10 === 3 ? [] : [toneWav(440, 16000, 1600 + i)]),
  }));
  const done: number[] = [];
  const results = await pool.probe(files, (count) => done.push(count));
  expect(results).toHaveLength(300);
  for (const [i, result] of results.entries()) {
    if (i % 10 === 3) expect(result).toMatchObject({ errorName: 'EmptyAudioError' });
    else expect(result).toMatchObject({ container: 'WAV', durationSec: (1600 + i) / 16000 });
  }
  expect(done.at(-1)).toBe(300);
});

const good = (path: string) => ({
  file: new Blob([toneWav(440, 16000, 8000)]),
  path,
  versions: [0],
  augmentations: plain,
  maxClipSec: 16,
  longClips: 'window' as const,
});

/** Workers of which the first is made from `source`; the later ones are real. */
function firstBroken(source: string): () => Worker {
  let made = 0;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return () => {
    made += 1;
    if (made === 1) return new Worker(url);
    return new Worker(new URL('../../../src/audio/worker.ts', import.meta.url), { type: 'module' });
  };
}

test('a worker that crashes is replaced, and only the file it held is named', async () => {
  pool = new DecodePool({
    workers: 1,
    spawn: firstBroken('onmessage = () => { throw new Error("out of memory"); }'),
  });
  const first = pool.prepare(good('first.wav'));
  const second = pool.prepare(good('second.wav'));
  await expect(first).rejects.toMatchObject({
    name: 'DecodeWorkerError',
    message: expect.stringMatching(/first\.wav.*out of memory/) as unknown,
  });
  expect((await second).durationSec).toBe(0.5);
});

test('a worker that hangs is replaced after a while', async () => {
  pool = new DecodePool({ workers: 1, stallSec: 0.5, spawn: firstBroken('onmessage = () => {}') });
  const first = pool.prepare(good('hangs.wav'));
  await expect(first).rejects.toMatchObject({ name: 'DecodeWorkerError' });
});

test('a cancelled preparation ends at once and frees its worker', async () => {
  pool = new DecodePool({ workers: 1 });
  const cancel = new AbortController();
  // A minute of audio in windows that nobody takes: the worker waits with the fifth.
  const long = { ...good('long.wav'), file: new Blob([toneWav(440, 16000, 960_000)]), maxClipSec: 1 };
  const windows = pool.prepareWindows(long, cancel.signal);
  expect((await windows.next()).done).toBe(false);
  const waiting = pool.prepare(good('waiting.wav'));
  cancel.abort();
  const rest = (async () => {
    for await (const window of windows) expect(window.samples).toHaveLength(16000);
  })();
  await expect(rest).rejects.toMatchObject({ name: 'DecodeCancelledError' });
  expect((await waiting).durationSec).toBe(0.5);
  const early = new AbortController();
  early.abort();
  await expect(pool.prepare(good('never.wav'), early.signal)).rejects.toMatchObject({
    name: 'DecodeCancelledError',
  });
});

test('windows come while a long file is still being decoded, and stopping early frees the worker', async () => {
  pool = new DecodePool({ workers: 1 });
  const long = { ...good('long.wav'), file: new Blob([toneWav(440, 44100, 44100 * 8)]), maxClipSec: 1 };
  let taken = 0;
  for await (const window of pool.prepareWindows(long)) {
    expect(window).toMatchObject({ version: 0, index: taken });
    taken += 1;
    if (taken === 3) break;
  }
  expect(taken).toBe(3);
  expect((await pool.prepare(good('next.wav'))).durationSec).toBe(0.5);
});

test('disposing of the pool fails what is still asked for', async () => {
  pool = new DecodePool({ workers: 1 });
  const asked = [pool.prepare(good('a.wav')), pool.prepare(good('b.wav'))];
  pool.dispose();
  for (const promise of asked) await expect(promise).rejects.toMatchObject({ name: 'DecodeCancelledError' });
  await expect(pool.prepare(good('c.wav'))).rejects.toMatchObject({ name: 'DecodeCancelledError' });
});

test('compressed files decode in the workers as they do in the page', async () => {
  pool = new DecodePool({ workers: 2 });
  for (const name of ['mono-16k.flac', 'mono-44k.mp3', 'mono-44k.ogg', 'stereo-48k.opus', 'mono-44k.m4a']) {
    const clip = await pool.prepare({ ...good(name), file: await fixture(name) });
    expect(clip.examples[0]?.windows[0]).toHaveLength(name.includes('16k') ? 8000 : 16000);
  }
});
