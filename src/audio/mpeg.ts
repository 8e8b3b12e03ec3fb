import { dataView, fourCharacters, type ByteSource } from './bytes.ts';
import { TruncatedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';

/** One MPEG audio frame header (ISO 11172-3, 13818-3; MPEG 2.5 as in LAME). */
interface FrameHeader {
  /** 1, 2 or 3. */
  readonly layer: number;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  readonly bitRate: number;
  readonly frameBytes: number;
  readonly frameSamples: number;
  /** Bytes from the frame's start to where a Xing tag would be. */
  readonly tagOffset: number;
}

/** kbit/s by index 1…14. */
const bitRates = {
  v1l1: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  v1l2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  v1l3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  v2l1: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  v2l23: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;

/** The MPEG audio frame at `at`, or null. Free-format frames are not recognised. */
export function readFrameHeader(bytes: Uint8Array, at: number): FrameHeader | null {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return null;
  const version = (bytes[at + 1]! >> 3) & 3;
  const layer = 4 - ((bytes[at + 1]! >> 1) & 3);
  const rateIndex = bytes[at + 2]! >> 4;
  const frequencyIndex = (bytes[at + 2]! >> 2) & 3;
  if (version === 1 || layer === 4 || rateIndex === 0 || rateIndex === 15 || frequencyIndex === 3)
    return null;
  const isVersion1 = version === 3;
  const table = isVersion1
    ? ([bitRates.v1l1, bitRates.v1l2, bitRates.v1l3] as const)[layer - 1]!
    : layer === 1
      ? bitRates.v2l1
      : bitRates.v2l23;
  const bitRate = table[rateIndex - 1]! * 1000;
  const sampleRate = [44100, 48000, 32000][frequencyIndex]! >> (isVersion1 ? 0 : version === 2 ? 1 : 2);
  const padding = (bytes[at + 2]! >> 1) & 1;
  const channels = bytes[at + 3]! >> 6 === 3 ? 1 : 2;
  const frameSamples = layer === 1 ? 384 : layer === 3 && !isVersion1 ? 576 : 1152;
  const frameBytes =
    layer === 1
      ? (Math.floor((12 * bitRate) / sampleRate) + padding) * 4
      : Math.floor(((frameSamples / 8) * bitRate) / sampleRate) + padding;
  const sideBytes = isVersion1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  return {
    layer,
    sampleRate,
    channels,
    bitRate,
    frameBytes,
    frameSamples,
    tagOffset: 4 + sideBytes,
  };
}

/** First place in `bytes` where two frames of the same kind follow each other (or one ends the file); −1 if none. */
export function findFrames(bytes: Uint8Array, isWholeFile: boolean): number {
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    const first = readFrameHeader(bytes, at);
    if (first === null) continue;
    const next = at + first.frameBytes;
    const second = readFrameHeader(bytes, next);
    if (second !== null && second.sampleRate === first.sampleRate && second.layer === first.layer) return at;
    if (at === 0 && isWholeFile && next === bytes.length) return at;
  }
  return -1;
}

/**
 * Reads the first frame of an MPEG audio stream and the Xing/Info/LAME tag in it.
 * @param start where the first frame is
 * @throws TruncatedAudioError when the file is shorter than its tag says
 */
export async function readMpegHeader(source: ByteSource, start: number, path: string): Promise<AudioHeader> {
  const bytes = await source.read(start, start + 4096);
  const frame = readFrameHeader(bytes, 0);
  if (frame === null) throw new TruncatedAudioError(`“${path}” breaks off in its first MP3 frame.`);
  const header = {
    container: 'MP3',
    codec: frame.layer === 3 ? 'MP3' : `MPEG layer ${'I'.repeat(frame.layer)}`,
    sampleRate: frame.sampleRate,
    channels: frame.channels,
  } as const;
  const tag = readTag(bytes, frame);
  const audioBytes = source.sizeBytes - start;
  if (tag === null) {
    return { ...header, frames: null, durationSec: (audioBytes * 8) / frame.bitRate };
  }
  if (tag.bytes !== null && audioBytes < tag.bytes - frame.frameBytes) {
    const share = audioBytes / tag.bytes;
    const durationSec = tag.samples / frame.sampleRate;
    throw new TruncatedAudioError(
      `“${path}” promises ${durationSec.toFixed(2)} s of audio and holds about ${(durationSec * share).toFixed(2)} s: it was cut off. Copy it again from where it came.`,
    );
  }
  return { ...header, frames: tag.samples, durationSec: tag.samples / frame.sampleRate };
}

/** The frame count of a Xing or Info tag, less the encoder's delay and padding (LAME tag). */
function readTag(bytes: Uint8Array, frame: FrameHeader): { samples: number; bytes: number | null } | null {
  const at = frame.tagOffset;
  const name = fourCharacters(bytes, at);
  if ((name !== 'Xing' && name !== 'Info') || bytes.length < at + 156) return null;
  const view = dataView(bytes);
  const flags = view.getUint32(at + 4);
  if ((flags & 1) === 0) return null;
  const frames = view.getUint32(at + 8);
  const hasBytes = (flags & 2) !== 0;
  const streamBytes = hasBytes ? view.getUint32(at + 12) : 0;
  const lame = at + 8 + 4 + (hasBytes ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  const hasLame = (bytes[lame] ?? 0) !== 0 && lame + 24 <= bytes.length;
  const delay = hasLame ? (bytes[lame + 21]! << 4) | (bytes[lame + 22]! >> 4) : 0;
  const padding = hasLame ? ((bytes[lame + 22]! & 15) << 8) | bytes[lame + 23]! : 0;
  const samples = frames * frame.frameSamples - delay - padding;
  return samples > 0 ? { samples, bytes: streamBytes === 0 ? null : streamBytes } : null;
}

/** True when the last frame of a stream without a tag reaches behind the end of the file. */
export function endsInsideFrame(bytes: Uint8Array, start: number): boolean {
  let at = start;
  for (let frame = readFrameHeader(bytes, at); frame !== null; frame = readFrameHeader(bytes, at)) {
    at += frame.frameBytes;
  }
  // Less than a header is left of a frame that was cut just behind its sync.
  return at > bytes.length || (at < bytes.length && at + 4 > bytes.length && bytes[at] === 0xff);
}
