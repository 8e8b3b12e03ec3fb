import { DamagedAudioError, EmptyAudioError, TruncatedAudioError } from './errors.ts';
import type { Container } from './header.ts';
import type { PcmEncoding } from './pcm.ts';

/** Where the samples of an uncompressed file lie and how to read them. */
export interface PcmLayout {
  readonly container: Container;
  readonly encoding: PcmEncoding;
  readonly littleEndian: boolean;
  /** E.g. `PCM 16 bit`. */
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly dataStart: number;
  /** Whole frames (one sample for each channel). */
  readonly frames: number;
}

/** Sample rates outside are taken for damage: no recorder makes them, and a filter for them would be absurd. */
const sampleRateBounds = { min: 1000, max: 768_000 } as const;
const maxChannels = 64;

/** Refuses headers no recorder writes. @throws DamagedAudioError */
export function checkChannelsAndRate(path: string, channels: number, sampleRate: number): void {
  if (!(channels >= 1 && channels <= maxChannels && Number.isInteger(channels))) {
    throw new DamagedAudioError(
      `“${path}” says it has ${channels} channels, which cannot be true. Its header is damaged: export it again.`,
    );
  }
  const inBounds = sampleRate >= sampleRateBounds.min && sampleRate <= sampleRateBounds.max;
  if (!inBounds || !Number.isInteger(sampleRate)) {
    throw new DamagedAudioError(
      `“${path}” says it has a sample rate of ${sampleRate} Hz, which cannot be true. Its header is damaged: export it again.`,
    );
  }
}

/**
 * Whole frames of a data area, checked against what is there. A missing pad byte or part of a frame loses nothing;
 * whole missing frames are an error.
 * @throws EmptyAudioError, TruncatedAudioError
 */
export function presentFrames(
  path: string,
  sampleRate: number,
  frameBytes: number,
  declaredBytes: number,
  presentBytes: number,
): number {
  if (!(declaredBytes >= frameBytes)) {
    throw new EmptyAudioError(`“${path}” has an audio header but no samples. Remove it or record it again.`);
  }
  if (declaredBytes - presentBytes >= frameBytes) {
    const rate = frameBytes * sampleRate;
    throw new TruncatedAudioError(truncatedReason(path, declaredBytes / rate, presentBytes / rate));
  }
  return Math.floor(Math.min(declaredBytes, presentBytes) / frameBytes);
}

/** The sentence of a {@link TruncatedAudioError} when both lengths are known. */
export function truncatedReason(path: string, declaredSec: number, presentSec: number): string {
  return `“${path}” promises ${declaredSec.toFixed(2)} s of audio and holds ${Math.max(0, presentSec).toFixed(2)} s: it was cut off. Copy it again from where it came.`;
}
