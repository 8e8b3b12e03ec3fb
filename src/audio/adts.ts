import type { ByteSource } from './bytes.ts';
import { TruncatedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';

const sampleRates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

interface AdtsFrame {
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameBytes: number;
  readonly frameSamples: number;
}

/** The AAC frame with its ADTS header (ISO 13818-7, 6.2) at `at`, or null. */
export function readAdtsFrame(bytes: Uint8Array, at: number): AdtsFrame | null {
  // Twelve sync bits and a layer of 0 tell it from MPEG audio.
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return null;
  const sampleRate = sampleRates[(bytes[at + 2]! >> 2) & 15];
  const frameBytes = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  if (sampleRate === undefined || frameBytes < 8) return null;
  const configuration = ((bytes[at + 2]! & 1) << 2) | (bytes[at + 3]! >> 6);
  return {
    sampleRate,
    channels: configuration === 7 ? 8 : Math.max(1, configuration),
    frameBytes,
    frameSamples: 1024 * ((bytes[at + 6]! & 3) + 1),
  };
}

/** True when two ADTS frames follow each other at `at`, or one ends the file. */
export function isAdts(bytes: Uint8Array, at: number, isWholeFile: boolean): boolean {
  const first = readAdtsFrame(bytes, at);
  if (first === null) return false;
  const next = at + first.frameBytes;
  return readAdtsFrame(bytes, next) !== null || (isWholeFile && next === bytes.length);
}

/** Reads the first frames; the duration is an estimate from their mean size. */
export async function readAdtsHeader(source: ByteSource, start: number): Promise<AudioHeader> {
  const bytes = await source.read(start, start + 16_384);
  const first = readAdtsFrame(bytes, 0);
  let at = 0;
  let samples = 0;
  for (let frame = first; frame !== null; frame = readAdtsFrame(bytes, at)) {
    at += frame.frameBytes;
    samples += frame.frameSamples;
  }
  const sampleRate = first?.sampleRate ?? 0;
  const total = at === 0 ? 0 : (samples * (source.sizeBytes - start)) / at;
  return {
    container: 'ADTS',
    codec: 'AAC',
    sampleRate,
    channels: first?.channels ?? 0,
    frames: null,
    durationSec: total / sampleRate,
  };
}

/** Larger files are taken on trust: hours of AAC. */
const wholeCheckBytes = 64 * 1024 * 1024;

/** AAC without a container tells no length, but a file that was cut off ends inside a frame. */
export async function checkLastAdtsFrame(source: ByteSource, start: number, path: string): Promise<void> {
  if (source.sizeBytes > wholeCheckBytes) return;
  const bytes = await source.read(start, source.sizeBytes);
  let at = 0;
  for (let frame = readAdtsFrame(bytes, at); frame !== null; frame = readAdtsFrame(bytes, at)) {
    at += frame.frameBytes;
  }
  if (at <= bytes.length && bytes[at] !== 0xff) return;
  throw new TruncatedAudioError(
    `“${path}” ends in the middle of an AAC frame: it was cut off. Copy it again from where it came.`,
  );
}
