import { xxh128Stream } from '../lib/digest.ts';
import { Rng } from '../lib/rng.ts';
import type { AugmentationSettings } from './augmentation.ts';
import { augment, drawAugmentation, type AugmentationDraw } from './augment.ts';
import { blobBytes, memoryBytes, type ByteSource } from './bytes.ts';
import { openAudio } from './decode.ts';
import { encoderSampleRate, minEncoderSamples, tooShortReason } from './encoder-input.ts';
import { TooShortAudioError } from './errors.ts';
import { Resampler } from './resample.ts';
import { WindowCutter } from './windows.ts';

/** A rest shorter than this is joined to the window before: it would be embedded almost without context. */
const shortestRestSamples = 8_000;
/** Files up to this size are read once, whole; larger ones in pieces. */
const wholeFileBytes = 32 * 1024 * 1024;
const hashPieceBytes = 4 * 1024 * 1024;

export interface PrepareRequest {
  readonly file: Blob;
  readonly path: string;
  /** 0 is the original, 1… are `#aug1`… */
  readonly versions: readonly number[];
  readonly augmentations: AugmentationSettings;
  readonly maxClipSec: number;
  readonly longClips: 'window' | 'crop';
}

/** One stretch of 16 kHz mono samples of one version, ready for the encoder. */
export interface PreparedWindow {
  readonly version: number;
  /** Counts the windows of a version from 0. */
  readonly index: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

/** What is known of a clip when its last window is out. */
export interface PrepareSummary {
  /** XXH3-128 of the file's bytes, hex. */
  readonly contentHash: string;
  /** Of the whole original clip; where it was cropped, as its header tells. */
  readonly durationSec: number;
  readonly timings: PrepareTimings;
}

export interface PrepareTimings {
  readonly decodeMs: number;
  readonly resampleMs: number;
  readonly augmentMs: number;
}

/**
 * Decodes, resamples, cuts and augments one file, window by window: a file of hours is never in memory as a whole.
 * Every version is cut from the same 16 kHz signal; speed is allowed for, so that windows are `maxClipSec` long after
 * it. Each window is augmented by itself with the numbers of its clip and version.
 * @throws a named error of errors.ts, possibly after some windows (a file that is damaged later on)
 */
export async function* prepareWindows(
  request: PrepareRequest,
): AsyncGenerator<PreparedWindow, PrepareSummary, undefined> {
  const { path } = request;
  const clock = { decodeMs: 0, resampleMs: 0, augmentMs: 0 };
  let since = performance.now();
  const lap = (stage: keyof typeof clock): void => {
    const now = performance.now();
    clock[stage] += now - since;
    since = now;
  };
  const { source, contentHash } = await hashFile(request.file);
  const stream = await openAudio(source, path);
  const resampler =
    stream.sampleRate === encoderSampleRate ? null : new Resampler(stream.sampleRate, encoderSampleRate);
  const versions = request.versions.map((version) => new VersionWindows(request, version));
  let decoded = 0;
  let resampled = 0;
  let isCropped = false;
  for await (const piece of stream.pieces) {
    decoded += piece.length;
    lap('decodeMs');
    const samples = resampler === null ? piece : resampler.push(piece);
    resampled += samples.length;
    lap('resampleMs');
    for (const version of versions) {
      for (const window of version.push(samples)) {
        lap('augmentMs');
        yield window;
        since = performance.now();
      }
    }
    lap('augmentMs');
    isCropped = versions.length > 0 && versions.every((version) => version.isFull);
    if (isCropped) break;
  }
  lap('decodeMs');
  const rest = resampler?.flush() ?? new Float32Array(0);
  resampled += rest.length;
  lap('resampleMs');
  if (resampled < minEncoderSamples) {
    throw new TooShortAudioError(tooShortReason(path, decoded / stream.sampleRate));
  }
  for (const version of versions) {
    for (const window of [...version.push(rest), ...version.flush()]) {
      lap('augmentMs');
      yield window;
      since = performance.now();
    }
  }
  lap('augmentMs');
  const decodedSec = decoded / stream.sampleRate;
  const durationSec = isCropped ? (stream.header.durationSec ?? decodedSec) : decodedSec;
  return { contentHash, durationSec, timings: clock };
}

/** Cuts and augments one version of a clip. */
class VersionWindows {
  readonly #version: number;
  readonly #request: PrepareRequest;
  readonly #draw: AugmentationDraw;
  readonly #cutter: WindowCutter;
  /** 16 kHz samples still to take; infinite unless cropping. */
  #wanted: number;
  #index = 0;

  constructor(request: PrepareRequest, version: number) {
    this.#request = request;
    this.#version = version;
    this.#draw = drawAugmentation(request.augmentations, request.path, version);
    const speed = this.#draw.speed ?? 1;
    const length = Math.max(minEncoderSamples, Math.floor(request.maxClipSec * encoderSampleRate * speed));
    const shortest = Math.max(minEncoderSamples, Math.min(shortestRestSamples, length >> 1));
    this.#cutter = new WindowCutter(length, shortest);
    this.#wanted = request.longClips === 'crop' ? length : Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#wanted === 0;
  }

  *push(samples: Float32Array): Generator<PreparedWindow> {
    const taken = samples.subarray(0, Math.min(samples.length, this.#wanted));
    this.#wanted -= taken.length;
    for (const window of this.#cutter.push(taken)) yield this.#finish(window);
  }

  *flush(): Generator<PreparedWindow> {
    for (const window of this.#cutter.flush()) yield this.#finish(window);
  }

  #finish(window: Float32Array<ArrayBuffer>): PreparedWindow {
    const { augmentations, path } = this.#request;
    const index = this.#index;
    this.#index += 1;
    const noise = Rng.fromSeed(augmentations.seed, path, this.#version, 'noise samples', index);
    const samples = augment(window, encoderSampleRate, this.#draw, noise);
    return { version: this.#version, index, samples: longEnough(samples) };
  }
}

/** A very short clip that was sped up is filled with silence to the shortest the encoder can hear. */
function longEnough(samples: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (samples.length >= minEncoderSamples) return samples;
  const filled = new Float32Array(minEncoderSamples);
  filled.set(samples);
  return filled;
}

async function hashFile(file: Blob): Promise<{ source: ByteSource; contentHash: string }> {
  const onDisk = blobBytes(file);
  if (file.size <= wholeFileBytes) {
    const bytes = await onDisk.read(0, file.size);
    const digest = await xxh128Stream();
    digest.update(bytes);
    return { source: memoryBytes(bytes), contentHash: digest.hex() };
  }
  const digest = await xxh128Stream();
  for (let start = 0; start < file.size; start += hashPieceBytes) {
    digest.update(await onDisk.read(start, start + hashPieceBytes));
  }
  return { source: onDisk, contentHash: digest.hex() };
}
