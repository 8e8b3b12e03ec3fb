import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AugmentationSettings } from '../../../src/audio/augmentation.ts';
import { prepareWindows, type PreparedWindow, type PrepareRequest } from '../../../src/audio/prepare.ts';
import { resample } from '../../../src/audio/resample.ts';
import { WindowCutter } from '../../../src/audio/windows.ts';
import { tone, toneWav } from './wav-bytes.ts';

const none: AugmentationSettings = { versions: 0, seed: 1 };
const base = {
  path: 'clip.wav',
  versions: [0],
  augmentations: none,
  maxClipSec: 2,
  longClips: 'window',
} as const;

async function collect(request: PrepareRequest) {
  const windows: PreparedWindow[] = [];
  const parts = prepareWindows(request);
  for (;;) {
    const next = await parts.next();
    if (next.done === true) return { windows, summary: next.value };
    windows.push(next.value);
  }
}

const lengths = (windows: readonly PreparedWindow[]) => windows.map((window) => window.samples.length);

describe('windows', () => {
  test('hold every sample once, in order, none too short, whatever pieces come in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(60), { maxLength: 20 }),
        (length, rest, pieces) => {
          const shortest = Math.min(rest, length);
          const cutter = new WindowCutter(length, shortest);
          const windows: Float32Array[] = [];
          let total = 0;
          for (const size of pieces) {
            windows.push(...cutter.push(Float32Array.from({ length: size }, (_, i) => total + i)));
            total += size;
          }
          windows.push(...cutter.flush());
          expect(windows.flatMap((window) => [...window])).toEqual(
            Array.from({ length: total }, (_, i) => i),
          );
          for (const [i, window] of windows.entries()) {
            if (i < windows.length - 1) expect(window).toHaveLength(length);
            else if (i > 0) expect(window.length).toBeGreaterThanOrEqual(shortest);
            expect(window.length).toBeLessThan(length + shortest);
          }
        },
      ),
    );
  });
});

describe('preparing a clip', () => {
  test('a short clip is one window, resampled from its own rate', async () => {
    const file = new Blob([toneWav(440, 44100, 44100)]);
    const { windows, summary } = await collect({ ...base, file });
    expect(lengths(windows)).toEqual([16000]);
    expect(summary.durationSec).toBe(1);
    expect(summary.contentHash).toMatch(/^[0-9a-f]{32}$/);
    const same = await collect({ ...base, file });
    expect(same.windows).toEqual(windows);
    expect(same.summary.contentHash).toBe(summary.contentHash);
  });

  test('a long clip is cut into windows, and joined they are the whole clip', async () => {
    const file = new Blob([toneWav(440, 44100, 44100 * 5 + 123)]);
    const { windows } = await collect({ ...base, file });
    expect(lengths(windows)).toEqual([32000, 32000, 16045]);
    const whole = await collect({ ...base, file, maxClipSec: 60 });
    expect(windows.flatMap((window) => [...window.samples])).toEqual([...whole.windows[0]!.samples]);
  });

  test('a tiny rest is joined to the window before', async () => {
    const { windows } = await collect({ ...base, file: new Blob([toneWav(440, 16000, 64000 + 300)]) });
    expect(lengths(windows)).toEqual([32000, 32300]);
  });

  test('cropping keeps the start and tells the whole duration', async () => {
    const request = { ...base, file: new Blob([toneWav(440, 16000, 80_000)]), longClips: 'crop' } as const;
    const { windows, summary } = await collect(request);
    expect(lengths(windows)).toEqual([32000]);
    expect(summary.durationSec).toBe(5);
  });

  test('versions come from the same clip, each in windows of the longest clip or less', async () => {
    const augmentations = { versions: 2, seed: 3, speed: { min: 0.8, max: 1.25 } };
    const file = new Blob([toneWav(440, 16000, 100_000)]);
    const { windows } = await collect({ ...base, file, versions: [0, 1, 2], augmentations });
    for (const version of [0, 1, 2]) {
      const own = windows.filter((window) => window.version === version);
      expect(own.map((window) => window.index)).toEqual(own.map((_, i) => i));
      for (const window of own.slice(0, -1)) {
        expect(window.samples.length).toBeGreaterThanOrEqual(31_998);
        expect(window.samples.length).toBeLessThanOrEqual(32_000);
      }
    }
    // Asked for alone, a version is the same: nothing depends on what else is prepared.
    const alone = await collect({ ...base, file, versions: [2], augmentations });
    expect(alone.windows).toEqual(windows.filter((window) => window.version === 2));
  });

  test('a clip just long enough for a frame stays so when it is sped up', async () => {
    const augmentations = { versions: 1, seed: 3, speed: { min: 1.5, max: 1.5 } };
    const file = new Blob([toneWav(440, 16000, 450)]);
    expect(lengths((await collect({ ...base, file, versions: [1], augmentations })).windows)).toEqual([400]);
  });

  test('0.01 s is too short, and a flipped byte changes the content hash', async () => {
    await expect(collect({ ...base, file: new Blob([toneWav(440, 16000, 160)]) })).rejects.toMatchObject({
      name: 'TooShortAudioError',
    });
    const bytes = toneWav(440, 16000, 16000);
    const before = (await collect({ ...base, file: new Blob([bytes]) })).summary.contentHash;
    bytes[5000]! ^= 1;
    expect((await collect({ ...base, file: new Blob([bytes]) })).summary.contentHash).not.toBe(before);
  });

  test('samples are those of the resampler', async () => {
    const { windows } = await collect({ ...base, file: new Blob([toneWav(440, 48000, 48000)]) });
    const stored = tone(440, 48000, 48000).map((value) => Math.round(value * 32767) / 32768);
    expect(windows[0]!.samples).toEqual(resample(stored, 48000, 16000));
  });
});
