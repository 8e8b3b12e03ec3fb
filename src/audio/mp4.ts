import { dataView, fourCharacters, readUint64BigEndian, type ByteSource } from './bytes.ts';
import { DamagedAudioError, TruncatedAudioError, UnsupportedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';

/** An index larger than this is damage: hours of audio need well under it. */
const maxMoovBytes = 64 * 1024 * 1024;
const maxBoxes = 100_000;

const codecNames: Readonly<Record<string, string>> = {
  mp4a: 'AAC',
  Opus: 'Opus',
  fLaC: 'FLAC',
  alac: 'ALAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
};
/** Coded sound that no browser decodes. */
const undecodable = new Set(['alac', 'ac-3', 'ec-3', 'samr', 'sawb']);

interface Box {
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * Reads the index (`moov`) of an MP4, M4A or QuickTime file (ISO 14496-12) and checks that every box is whole.
 * @throws TruncatedAudioError, DamagedAudioError, UnsupportedAudioError
 */
export async function readMp4Header(source: ByteSource, path: string): Promise<AudioHeader> {
  let moov: Uint8Array | undefined;
  let position = 0;
  for (let count = 0; count < maxBoxes && position + 8 <= source.sizeBytes; count += 1) {
    const head = await source.read(position, position + 16);
    const type = fourCharacters(head, 4);
    let size = dataView(head).getUint32(0);
    if (size === 1 && head.length === 16) size = readUint64BigEndian(head, 8);
    if (size === 0) size = source.sizeBytes - position;
    if (size < 8) break;
    if (position + size > source.sizeBytes) throw truncated(path);
    if (type === 'moov') {
      if (size > maxMoovBytes) break;
      moov = await source.read(position + 8, position + size);
    }
    position += size;
  }
  if (moov === undefined) throw truncated(path);
  return readMoov(moov, path);
}

function truncated(path: string): TruncatedAudioError {
  return new TruncatedAudioError(
    `“${path}” is an MP4 file that is not whole: it was cut off, or its recording was not finished. Copy it again from where it came.`,
  );
}

/** The boxes in `bytes`; one that reaches behind the end is cut. */
function* boxes(bytes: Uint8Array): Generator<Box> {
  const view = dataView(bytes);
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = view.getUint32(at);
    if (size < 8) return;
    yield { type: fourCharacters(bytes, at + 4), body: bytes.subarray(at + 8, at + size) };
    at += size;
  }
}

function firstBox(bytes: Uint8Array, type: string): Uint8Array | undefined {
  for (const box of boxes(bytes)) if (box.type === type) return box.body;
  return undefined;
}

function child(bytes: Uint8Array, ...types: readonly string[]): Uint8Array | undefined {
  let body: Uint8Array | undefined = bytes;
  for (const type of types) {
    if (body === undefined) return undefined;
    body = firstBox(body, type);
  }
  return body;
}

function readMoov(moov: Uint8Array, path: string): AudioHeader {
  for (const { type, body: track } of boxes(moov)) {
    const handler = type === 'trak' ? child(track, 'mdia', 'hdlr') : undefined;
    if (handler === undefined || handler.length < 12 || fourCharacters(handler, 8) !== 'soun') continue;
    const times = child(track, 'mdia', 'mdhd');
    const descriptions = child(track, 'mdia', 'minf', 'stbl', 'stsd');
    if (times === undefined || times.length < 24 || descriptions === undefined || descriptions.length < 44) {
      throw new DamagedAudioError(
        `“${path}” is an MP4 file with a damaged index. Export it again from the program that made it.`,
      );
    }
    const entry = dataView(descriptions);
    const format = fourCharacters(descriptions, 12);
    if (undecodable.has(format)) {
      throw new UnsupportedAudioError(
        `“${path}” is an MP4 file coded as ${codecNames[format] ?? format}, which browsers cannot decode. Convert it to WAV or FLAC.`,
      );
    }
    const sampleRate = entry.getUint16(40);
    const { timescale, duration } = mediaTimes(times);
    const audible = audibleDuration(track, child(moov, 'mvhd'), timescale, duration);
    return {
      container: 'MP4',
      codec: codecNames[format] ?? format.trim(),
      sampleRate,
      // The entry's own count is 2 for mono too; the AAC configuration knows.
      channels: aacChannels(descriptions.subarray(44)) ?? entry.getUint16(32),
      frames: audible > 0 && timescale === sampleRate ? audible : null,
      durationSec: audible > 0 && timescale > 0 ? audible / timescale : null,
    };
  }
  throw new UnsupportedAudioError(
    `“${path}” is an MP4 file without a sound track. Remove it or extract its sound first.`,
  );
}

/** The channel configuration in an `esds` box (ISO 14496-1 descriptors, 14496-3 AudioSpecificConfig). */
function aacChannels(entryBoxes: Uint8Array): number | null {
  const body = firstBox(entryBoxes, 'esds');
  if (body === undefined) return null;
  // ES descriptor (3), decoder configuration (4), decoder-specific information (5), each inside the one before.
  const fixedBytes: Readonly<Record<number, number>> = { 3: 3, 4: 13, 5: 0 };
  let at = 4;
  for (const tag of [3, 4, 5]) {
    if (body[at] !== tag) return null;
    at += 1;
    while ((body[at] ?? 0) & 0x80) at += 1;
    at += 1 + (fixedBytes[tag] ?? 0);
  }
  const configuration = ((body[at + 1] ?? 0) >> 3) & 15;
  return configuration === 0 ? null : configuration === 7 ? 8 : configuration;
}

/** In ticks of the track: what the edit list leaves, without the encoder's priming and padding. */
function audibleDuration(
  track: Uint8Array,
  mvhd: Uint8Array | undefined,
  timescale: number,
  duration: number,
): number {
  const edits = child(track, 'edts', 'elst');
  if (edits === undefined || mvhd === undefined || edits.length < 20 || mvhd.length < 24) return duration;
  const view = dataView(edits);
  const isLong = view.getUint8(0) === 1;
  // Several edits, or an empty one, are beyond what a recorder writes.
  if (view.getUint32(4) !== 1 || isLong) return duration;
  const segment = view.getUint32(8);
  const mediaStart = view.getInt32(12);
  const movieTimescale = dataView(mvhd).getUint32(mvhd[0] === 1 ? 20 : 12);
  if (mediaStart < 0 || movieTimescale === 0) return duration;
  const left = duration - mediaStart;
  return segment === 0 ? left : Math.min(left, Math.ceil((segment * timescale) / movieTimescale));
}

function mediaTimes(mdhd: Uint8Array): { timescale: number; duration: number } {
  const view = dataView(mdhd);
  if (view.getUint8(0) === 1 && mdhd.length >= 32) {
    return { timescale: view.getUint32(20), duration: readUint64BigEndian(mdhd, 24) };
  }
  return { timescale: view.getUint32(12), duration: view.getUint32(16) };
}
