import { blobBytes, type ByteSource } from './bytes.ts';

import { EmptyAudioError, NonFiniteAudioError, UnsupportedAudioError } from './errors.ts';
import { openPcm } from './pcm-stream.ts';
import { sniff } from './sniff.ts';
import type { AudioStream } from './stream.ts';

export interface DecodeOptions {
  /** For messages. */
  readonly path: string;
  /** Stop after so much audio; the rest is neither read nor checked. */
  readonly maxDurationSec?: number;
}

export interface DecodedAudio {
  /** The mean of the channels; full scale is ±1. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Hz. */
  readonly sampleRate: number;
  readonly durationSec: number;
}

/**
 * Opens a file for decoding, by its content and not its name.
 * @throws a named error of errors.ts, a sentence with the file's path
 */
export async function openAudio(source: ByteSource, path: string): Promise<AudioStream> {
  const head = await source.read(0, 4096);
  const container = sniff(head, source.sizeBytes, path);
  switch (container) {
    case 'WAV':
      return openPcm(source, path);
    default:
      throw new UnsupportedAudioError(`“${path}” is a ${container} file, which cannot be decoded here.`);
  }
}

/** Decodes a whole file, or its first `maxDurationSec`. */
export async function decodeAudio(blob: Blob, options: DecodeOptions): Promise<DecodedAudio> {
  const stream = await openAudio(blobBytes(blob), options.path);
  const limit = Math.ceil((options.maxDurationSec ?? Number.POSITIVE_INFINITY) * stream.sampleRate);
  const pieces: Float32Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of stream.pieces) {
    checkFinite(piece, length, stream.sampleRate, options.path);
    pieces.push(piece.length > limit - length ? piece.slice(0, limit - length) : piece);
    length += Math.min(piece.length, limit - length);
    if (length >= limit) break;
  }
  if (length === 0) {
    throw new EmptyAudioError(`“${options.path}” holds no samples. Remove it or record it again.`);
  }
  const samples = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concatenate(pieces, length);
  return { samples, sampleRate: stream.sampleRate, durationSec: length / stream.sampleRate };
}

/** Joins pieces of `length` samples in all. */
export function concatenate(pieces: readonly Float32Array[], length: number): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** @throws NonFiniteAudioError that tells where the first NaN or infinite sample is */
export function checkFinite(
  samples: Float32Array,
  samplesBefore: number,
  sampleRate: number,
  path: string,
): void {
  // One sum finds any NaN or infinity without a branch for each sample.
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += samples[i]! * 0;
  if (sum === 0) return;
  const index = samples.findIndex((value) => !Number.isFinite(value));
  const atSec = (samplesBefore + index) / sampleRate;
  throw new NonFiniteAudioError(
    `“${path}” holds a sample that is not a number (at ${atSec.toFixed(3)} s). Export it again from the program that made it.`,
  );
}
