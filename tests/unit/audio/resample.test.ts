import { describe, expect, test } from 'vitest';
import { resample, resampledLength, Resampler } from '../../../src/audio/resample.ts';
import { tone } from './wav-bytes.ts';

/** Away from the ends, where a filter hears the silence around the signal. */
const edge = 1200;

function power(samples: Float32Array): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return sum / samples.length;
}

/** Signal-to-noise in dB of a resampled tone against the same tone made at the new rate. */
function toneSnrDb(frequency: number, from: number, to: number): number {
  const output = resample(tone(frequency, from, from), from, to);
  const ideal = tone(frequency, to, output.length);
  const error = output.map((value, i) => value - (ideal[i] ?? 0));
  const inside = (samples: Float32Array) => samples.subarray(edge, samples.length - edge);
  return 10 * Math.log10(power(inside(ideal)) / power(inside(error)));
}

/** What is left, in dB, of a tone above the new Nyquist frequency. */
function aliasDb(frequency: number, from: number, to: number): number {
  const output = resample(tone(frequency, from, from, 1), from, to);
  return 10 * Math.log10(power(output.subarray(edge, output.length - edge)) / 0.5);
}

describe('resampling to 16 kHz', () => {
  test.each([
    [44100, 1000],
    [44100, 6900],
    [48000, 440],
    [48000, 7000],
    [22050, 5000],
    [8000, 1000],
    [8000, 3500],
    [11025, 3000],
    [32000, 7200],
    [96000, 3000],
  ])('a tone from %i Hz at %i Hz keeps over 100 dB signal-to-noise', (from, frequency) => {
    expect(toneSnrDb(frequency, from, 16000)).toBeGreaterThan(100);
  });

  test.each([
    [44100, 8050],
    [44100, 9000],
    [44100, 15990],
    [44100, 21000],
    [48000, 8050],
    [48000, 9000],
    [48000, 16001],
    [48000, 23000],
  ])('from %i Hz, a tone of %i Hz leaves no alias above −80 dB', (from, frequency) => {
    expect(aliasDb(frequency, from, 16000)).toBeLessThan(-80);
  });

  test('upsampling from 8 kHz leaves no image above −100 dB', () => {
    const output = resample(tone(1000, 8000, 8000, 1), 8000, 16000);
    const ideal = tone(1000, 16000, output.length, 1);
    const error = output.map((value, i) => value - (ideal[i] ?? 0)).subarray(edge, -edge);
    expect(10 * Math.log10(power(error) / 0.5)).toBeLessThan(-100);
  });

  test('a rate with a huge ratio goes through the interpolated table just as cleanly', () => {
    expect(toneSnrDb(3000, 44101, 16000)).toBeGreaterThan(100);
    expect(aliasDb(9000, 44101, 16000)).toBeLessThan(-80);
  });

  test.each([
    [44100, 44100, 16000],
    [441, 44100, 160],
    [442, 44100, 161],
    [1, 8000, 2],
    [48000, 48000, 16000],
    [0, 44100, 0],
    [100001, 11025, 145127],
  ])('%i samples at %i Hz become exactly %i', (length, from, expected) => {
    expect(resampledLength(length, from, 16000)).toBe(expected);
    expect(resample(new Float32Array(length), from, 16000)).toHaveLength(expected);
  });

  test('a signal in pieces of any size gives the same samples, bit for bit', () => {
    const signal = tone(777, 44100, 30_011);
    const whole = resample(signal, 44100, 16000);
    for (const size of [1, 7, 1024, 29_999]) {
      const resampler = new Resampler(44100, 16000);
      const output: number[] = [];
      const length = size === 1 ? 3000 : signal.length;
      for (let at = 0; at < length; at += size) {
        output.push(...resampler.push(signal.subarray(at, Math.min(length, at + size))));
      }
      if (size !== 1) output.push(...resampler.flush());
      expect(Float32Array.from(output)).toEqual(whole.slice(0, output.length));
      if (size !== 1) expect(output).toHaveLength(whole.length);
      else expect(output.length).toBeGreaterThan(800);
    }
  });

  test('a constant stays what it is', () => {
    const output = resample(new Float32Array(8000).fill(0.25), 44100, 16000);
    expect(Math.max(...output.subarray(300, -300).map((value) => Math.abs(value - 0.25)))).toBeLessThan(1e-6);
  });

  test('equal rates give the same samples', () => {
    const signal = tone(100, 16000, 500);
    expect(resample(signal, 16000, 16000)).toBe(signal);
  });
});
