import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addNoise,
  augment,
  changeSpeed,
  drawAugmentation,
  scale,
  shift,
} from '../../../src/audio/augment.ts';
import type { AugmentationSettings } from '../../../src/audio/augmentation.ts';
import { shiftPitch, stretch } from '../../../src/audio/pitch.ts';
import { Rng } from '../../../src/lib/rng.ts';
import { tone } from './wav-bytes.ts';

const settings: AugmentationSettings = {
  versions: 2,
  noiseSnrDb: { min: 5, max: 30 },
  gainDb: { min: -6, max: 6 },
  speed: { min: 0.8, max: 1.25 },
  pitchSemitones: { min: -4, max: 4 },
  shiftMs: { min: -100, max: 100 },
  seed: 7,
};

const power = (samples: Float32Array): number =>
  samples.reduce((sum, value) => sum + value * value, 0) / samples.length;

/** Power at one frequency by Goertzel's filter, as a part of the whole power. */
function shareAt(samples: Float32Array, frequency: number, sampleRate: number): number {
  let real = 0;
  let imaginary = 0;
  let windowPower = 0;
  for (let i = 0; i < samples.length; i += 1) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length);
    const angle = (2 * Math.PI * frequency * i) / sampleRate;
    real += window * samples[i]! * Math.cos(angle);
    imaginary += window * samples[i]! * Math.sin(angle);
    windowPower += window;
  }
  return (2 * (real ** 2 + imaginary ** 2)) / windowPower ** 2 / power(samples);
}

describe('the numbers of an augmentation', () => {
  test('depend on seed, path and version alone, and lie in their ranges', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), fc.nat(), (path, version, seed) => {
        const draw = drawAugmentation({ ...settings, seed }, path, version);
        expect(drawAugmentation({ ...settings, seed }, path, version)).toEqual(draw);
        for (const name of ['speed', 'pitchSemitones', 'shiftMs', 'gainDb', 'noiseSnrDb'] as const) {
          expect(draw[name]).toBeGreaterThanOrEqual(settings[name]!.min);
          expect(draw[name]).toBeLessThanOrEqual(settings[name]!.max);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('do not change when another augmentation is added', () => {
    const alone = drawAugmentation({ versions: 1, seed: 7, gainDb: { min: -6, max: 6 } }, 'a.wav', 1);
    expect(alone.gainDb).toBe(drawAugmentation(settings, 'a.wav', 1).gainDb);
    expect(alone.speed).toBeNull();
  });

  test('differ between versions, paths and seeds; version 0 is the original', () => {
    const gains = [
      drawAugmentation(settings, 'a.wav', 1).gainDb,
      drawAugmentation(settings, 'a.wav', 2).gainDb,
      drawAugmentation(settings, 'b.wav', 1).gainDb,
      drawAugmentation({ ...settings, seed: 8 }, 'a.wav', 1).gainDb,
    ];
    expect(new Set(gains).size).toBe(4);
    expect(Object.values(drawAugmentation(settings, 'a.wav', 0))).toEqual([null, null, null, null, null]);
  });
});

describe('augmenting', () => {
  test('gives exactly the same samples when it is repeated, and leaves its input', () => {
    const samples = tone(220, 16000, 8000);
    const before = samples.slice();
    const draw = drawAugmentation(settings, 'a.wav', 1);
    const once = augment(samples, 16000, draw, Rng.fromSeed(7, 'a.wav', 1));
    expect(augment(samples, 16000, draw, Rng.fromSeed(7, 'a.wav', 1))).toEqual(once);
    expect(samples).toEqual(before);
    expect(once).not.toEqual(samples);
  });

  test('noise has the signal-to-noise ratio that was asked for', () => {
    const samples = tone(220, 16000, 160_000);
    const noisy = addNoise(samples, 12, Rng.fromSeed(1));
    const noise = noisy.map((value, i) => value - samples[i]!);
    expect(10 * Math.log10(power(samples) / power(noise))).toBeCloseTo(12, 1);
    expect(addNoise(new Float32Array(100), 12, Rng.fromSeed(1))).toEqual(new Float32Array(100));
  });

  test('gain multiplies', () => {
    expect([...scale(Float32Array.of(0.5, -0.25), 2)]).toEqual([1, -0.5]);
  });

  test('shift moves by whole samples and fills with silence', () => {
    const samples = Float32Array.of(1, 2, 3, 4);
    expect([...shift(samples, 1)]).toEqual([0, 1, 2, 3]);
    expect([...shift(samples, -2)]).toEqual([3, 4, 0, 0]);
    expect([...shift(samples, 9)]).toEqual([0, 0, 0, 0]);
    expect([...shift(samples, -9)]).toEqual([0, 0, 0, 0]);
  });

  test('speed 1.25 makes four fifths of the length at five quarters of the pitch', () => {
    const faster = changeSpeed(tone(400, 16000, 16000), 16000, 1.25);
    expect(faster).toHaveLength(12800);
    expect(shareAt(faster, 500, 16000)).toBeGreaterThan(0.99);
  });

  test.each([-12, -5, -1.5, 2, 7, 12])(
    'a pitch shift of %d semitones moves a tone and keeps the length',
    (semitones) => {
      const shifted = shiftPitch(tone(440, 16000, 16000), 16000, semitones);
      expect(shifted).toHaveLength(16000);
      const inside = shifted.subarray(1600, 14400);
      expect(shareAt(inside, 440 * 2 ** (semitones / 12), 16000)).toBeGreaterThan(0.9);
      expect(shareAt(inside, 440, 16000)).toBeLessThan(0.05);
      expect(10 * Math.log10(power(inside) / 0.125)).toBeGreaterThan(-1);
    },
  );

  test('a pitch shift keeps the harmonics of a voice and its loudness over time', () => {
    // A 120 Hz pulse train through a decaying spectrum, silent in its second half.
    const voice = new Float32Array(32000);
    for (let h = 1; h <= 20; h += 1) {
      const partial = tone(120 * h, 16000, 16000, 0.3 / h);
      for (let i = 0; i < 16000; i += 1) voice[i]! += partial[i]!;
    }
    const shifted = shiftPitch(voice, 16000, 3);
    const factor = 2 ** (3 / 12);
    const loud = shifted.subarray(2000, 14000);
    const harmonics = [1, 2, 3].reduce((sum, h) => sum + shareAt(loud, 120 * h * factor, 16000), 0);
    expect(harmonics).toBeGreaterThan(0.75);
    expect(power(shifted.subarray(18000))).toBeLessThan(1e-6);
  });

  test('a stretch by 1 gives the signal back', () => {
    const samples = tone(200, 16000, 4000);
    const same = stretch(samples, 16000, 1);
    expect(Math.max(...same.map((value, i) => Math.abs(value - samples[i]!)))).toBeLessThan(1e-6);
  });

  test.each([0, 1, 399, 400, 777])('signals of %i samples pass through every augmentation', (length) => {
    for (let version = 1; version <= 3; version += 1) {
      const draw = drawAugmentation(settings, 'short.wav', version);
      const output = augment(tone(300, 16000, length), 16000, draw, Rng.fromSeed(1));
      expect(output.every((value) => Number.isFinite(value))).toBe(true);
      expect(output).toHaveLength(Math.ceil(Math.round((length / draw.speed!) * 1e6) / 1e6));
    }
  });
});
