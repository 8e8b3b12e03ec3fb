import { Rng } from '../lib/rng.ts';
import type { AugmentationSettings, Range } from './augmentation.ts';
import { shiftPitch } from './pitch.ts';
import { resample } from './resample.ts';

/** The numbers drawn for one clip and version; null where nothing is applied. */
export interface AugmentationDraw {
  /** Factor on tempo and pitch together, a multiple of 1/1000. */
  readonly speed: number | null;
  readonly pitchSemitones: number | null;
  readonly shiftMs: number | null;
  readonly gainDb: number | null;
  readonly noiseSnrDb: number | null;
}

/**
 * Draws the numbers of one clip and version: a function of seed, path and version alone, so neither the order of the
 * work nor the other settings' presence changes a number. Version 0 is the original.
 */
export function drawAugmentation(
  settings: AugmentationSettings,
  path: string,
  version: number,
): AugmentationDraw {
  const draw = (name: string, range: Range | undefined): number | null => {
    if (range === undefined || version === 0) return null;
    const rng = Rng.fromSeed(settings.seed, path, version, name);
    return range.min + (range.max - range.min) * rng.nextFloat();
  };
  const speed = draw('speed', settings.speed);
  return {
    speed: speed === null ? null : Math.round(speed * 1000) / 1000,
    pitchSemitones: draw('pitch', settings.pitchSemitones),
    shiftMs: draw('shift', settings.shiftMs),
    gainDb: draw('gain', settings.gainDb),
    noiseSnrDb: draw('noise', settings.noiseSnrDb),
  };
}

/**
 * Applies a draw to one window of 16 kHz samples: speed, pitch, shift, gain, noise. The input is left as it is.
 * @param noise stream of the noise, of its own for each clip, version and window
 */
export function augment(
  samples: Float32Array<ArrayBuffer>,
  sampleRate: number,
  draw: AugmentationDraw,
  noise: Rng,
): Float32Array<ArrayBuffer> {
  let output = samples;
  if (draw.speed !== null) output = changeSpeed(output, sampleRate, draw.speed);
  if (draw.pitchSemitones !== null) output = shiftPitch(output, sampleRate, draw.pitchSemitones);
  if (draw.shiftMs !== null) output = shift(output, Math.round((draw.shiftMs * sampleRate) / 1000));
  if (draw.gainDb !== null) output = scale(output, 10 ** (draw.gainDb / 20));
  if (draw.noiseSnrDb !== null) output = addNoise(output, draw.noiseSnrDb, noise);
  return output;
}

/** Plays faster (above 1) or slower: tempo and pitch change together. `speed` is a multiple of 1/1000. */
export function changeSpeed(
  samples: Float32Array<ArrayBuffer>,
  sampleRate: number,
  speed: number,
): Float32Array<ArrayBuffer> {
  return resample(samples, Math.round(sampleRate * speed), sampleRate);
}

/** Moves the signal later (positive) or earlier; length kept, the gap is silence. */
export function shift(samples: Float32Array, by: number): Float32Array<ArrayBuffer> {
  const output = new Float32Array(samples.length);
  if (Math.abs(by) >= samples.length) return output;
  if (by >= 0) output.set(samples.subarray(0, samples.length - by), by);
  else output.set(samples.subarray(-by));
  return output;
}

/** Multiplies every sample. */
export function scale(samples: Float32Array, factor: number): Float32Array<ArrayBuffer> {
  const output = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) output[i] = samples[i]! * factor;
  return output;
}

/** Adds white Gaussian noise at a signal-to-noise ratio against the mean power of these samples; silence stays so. */
export function addNoise(
  samples: Float32Array<ArrayBuffer>,
  snrDb: number,
  rng: Rng,
): Float32Array<ArrayBuffer> {
  let energy = 0;
  for (let i = 0; i < samples.length; i += 1) energy += samples[i]! * samples[i]!;
  const deviation = Math.sqrt(energy / samples.length) * 10 ** (-snrDb / 20);
  const output = samples.slice();
  // Box–Muller gives two values for two draws.
  for (let i = 0; i < samples.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - rng.nextFloat()));
    const angle = 2 * Math.PI * rng.nextFloat();
    output[i]! += radius * Math.cos(angle);
    if (i + 1 < samples.length) output[i + 1]! += radius * Math.sin(angle);
  }
  return output;
}
