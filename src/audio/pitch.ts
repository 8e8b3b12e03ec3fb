import { resample } from './resample.ts';

/** Half a window: 16 ms at 16 kHz, over a period of the lowest voices. */
const hopSec = 0.016;
/** How far a window may move to fit on the one before: a period of a low voice. */
const searchSec = 0.008;

/**
 * Shifts the pitch and keeps the length: the signal is stretched by WSOLA (Verhelst and Roelands, ICASSP 1993) and
 * played faster by the same factor. Formants move with the pitch. The factor is rounded to 1/1000 (1.7 cents).
 */
export function shiftPitch(
  samples: Float32Array<ArrayBuffer>,
  sampleRate: number,
  semitones: number,
): Float32Array<ArrayBuffer> {
  const factor = Math.round(2 ** (semitones / 12) * 1000) / 1000;
  if (factor === 1) return samples;
  const stretched = stretch(samples, sampleRate, factor);
  const shifted = resample(stretched, Math.round(sampleRate * factor), sampleRate);
  const output = new Float32Array(samples.length);
  output.set(shifted.subarray(0, samples.length));
  return output;
}

/** Makes a signal `factor` times as long without changing its pitch. */
export function stretch(
  samples: Float32Array,
  sampleRate: number,
  factor: number,
): Float32Array<ArrayBuffer> {
  const hop = Math.round(hopSec * sampleRate);
  const search = Math.round(searchSec * sampleRate);
  const length = Math.ceil(samples.length * factor);
  const window = Float64Array.from(
    { length: 2 * hop },
    (_, i) => Math.sin((Math.PI * (i + 0.5)) / (2 * hop)) ** 2,
  );
  // Silence on both sides, so that no window reaches outside.
  const margin = 2 * hop + search;
  const padded = new Float32Array(samples.length + 2 * margin + hop);
  padded.set(samples, margin);
  const output = new Float32Array(length + 2 * hop);
  const last = padded.length - 2 * hop;
  let chosen = margin - hop;
  for (let start = 0; start < length + hop; start += hop) {
    // `start` is where this window begins in the output, a hop early.
    const wanted = margin - hop + Math.round(start / factor);
    const natural = Math.min(chosen + hop, last);
    chosen = start === 0 ? wanted : bestFit(padded, natural, wanted, search, hop, last);
    for (let i = 0; i < 2 * hop; i += 1) output[start + i]! += window[i]! * padded[chosen + i]!;
    if (start + 2 * hop >= output.length) break;
  }
  return output.slice(hop, hop + length);
}

/** The place within `search` of `wanted` whose signal is most like the one at `natural`, by normalised correlation. */
function bestFit(
  signal: Float32Array,
  natural: number,
  wanted: number,
  search: number,
  length: number,
  last: number,
): number {
  const from = Math.max(0, wanted - search);
  const to = Math.min(last, wanted + search);
  let best = Math.min(Math.max(wanted, 0), last);
  let bestScore = 0;
  let energy = 0;
  for (let i = 0; i < length; i += 1) energy += signal[from + i]! ** 2;
  for (let at = from; at <= to; at += 1) {
    let correlation = 0;
    for (let i = 0; i < length; i += 1) correlation += signal[at + i]! * signal[natural + i]!;
    const score = energy > 1e-12 && correlation > 0 ? correlation / Math.sqrt(energy) : 0;
    if (score > bestScore) {
      bestScore = score;
      best = at;
    }
    energy += signal[at + length]! ** 2 - signal[at]! ** 2;
  }
  return best;
}
