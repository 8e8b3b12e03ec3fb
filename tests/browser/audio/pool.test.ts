import { afterEach, expect, test } from 'vitest';
import { DecodePool } from '../../../src/audio/pool.ts';
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
