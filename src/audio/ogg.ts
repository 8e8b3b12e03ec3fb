import { dataView, fourCharacters, readUint64, type ByteSource } from './bytes.ts';
import { DamagedAudioError, EmptyAudioError, TruncatedAudioError, UnsupportedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { checkChannelsAndRate } from './pcm-layout.ts';

/** Largest page: 27 bytes, 255 segment sizes, 255 × 255 bytes. */
const maxPageBytes = 65_307;
const endOfStream = 4;
/** Opus always decodes to this rate. */
const opusSampleRate = 48_000;

/** How the first packet begins. */
const refusedCodecs = [
  ['\x7fFLAC', 'FLAC'],
  ['Speex', 'Speex'],
] as const;

interface Page {
  readonly flags: number;
  /** Position at the page's end, in samples; null on a page that ends no packet. */
  readonly granule: number | null;
  readonly serial: number;
  readonly bodyStart: number;
  /** May lie behind the bytes at hand. */
  readonly end: number;
}

interface LogicalStream {
  readonly serial: number;
  readonly codec: 'Vorbis' | 'Opus';
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples before the first audible one. */
  readonly preSkip: number;
}

/**
 * Reads the first and last pages of an Ogg file: Vorbis or Opus.
 * @throws TruncatedAudioError, DamagedAudioError, UnsupportedAudioError, EmptyAudioError
 */
export async function readOggHeader(source: ByteSource, path: string): Promise<AudioHeader> {
  const stream = findStream(await source.read(0, 4096), path);
  const granule = await lastGranule(source, stream.serial, path);
  const frames = granule - stream.preSkip;
  if (frames <= 0) {
    throw new EmptyAudioError(`“${path}” has an audio header but no samples. Remove it or record it again.`);
  }
  return {
    container: 'OGG',
    codec: stream.codec,
    sampleRate: stream.sampleRate,
    channels: stream.channels,
    frames,
    durationSec: frames / stream.sampleRate,
  };
}

/** The page at `at`; null where there is none. */
function readPage(bytes: Uint8Array, at: number): Page | null {
  if (at + 27 > bytes.length || fourCharacters(bytes, at) !== 'OggS') return null;
  const view = dataView(bytes);
  const segments = bytes[at + 26]!;
  let bodyBytes = 0;
  for (let i = 0; i < segments; i += 1) bodyBytes += bytes[at + 27 + i] ?? 0;
  const noPacketEnds =
    view.getUint32(at + 6, true) === 0xffffffff && view.getUint32(at + 10, true) === 0xffffffff;
  return {
    flags: bytes[at + 5]!,
    granule: noPacketEnds ? null : readUint64(bytes, at + 6),
    serial: view.getUint32(at + 14, true),
    bodyStart: at + 27 + segments,
    end: at + 27 + segments + bodyBytes,
  };
}

function findStream(head: Uint8Array, path: string): LogicalStream {
  let page = readPage(head, 0);
  while (page !== null && page.bodyStart + 51 <= head.length) {
    const stream = identify(head.subarray(page.bodyStart), page.serial, path);
    if (stream !== null) return stream;
    page = readPage(head, page.end);
  }
  throw new UnsupportedAudioError(
    `“${path}” is an Ogg file without a Vorbis or Opus stream, so it cannot be decoded here. Convert it to WAV or FLAC.`,
  );
}

function identify(body: Uint8Array, serial: number, path: string): LogicalStream | null {
  const view = dataView(body);
  const name = String.fromCharCode(...body.subarray(0, 8));
  if (name.startsWith('\x01vorbis')) {
    const channels = body[11]!;
    const sampleRate = view.getUint32(12, true);
    checkChannelsAndRate(path, channels, sampleRate);
    return { serial, codec: 'Vorbis', sampleRate, channels, preSkip: 0 };
  }
  if (name === 'OpusHead') {
    const channels = body[9]!;
    checkChannelsAndRate(path, channels, opusSampleRate);
    return { serial, codec: 'Opus', sampleRate: opusSampleRate, channels, preSkip: view.getUint16(10, true) };
  }
  const refused = refusedCodecs.find(([mark]) => name.startsWith(mark))?.[1];
  if (refused !== undefined) {
    throw new UnsupportedAudioError(
      `“${path}” is an Ogg file coded as ${refused}, which cannot be decoded here. Convert it to WAV or FLAC.`,
    );
  }
  return null;
}

/** Granule of the last page of a stream, which must be whole and marked as the end. */
async function lastGranule(source: ByteSource, serial: number, path: string): Promise<number> {
  for (const tailBytes of [8192, 3 * maxPageBytes]) {
    const start = Math.max(0, source.sizeBytes - tailBytes);
    const tail = await source.read(start, source.sizeBytes);
    for (let at = tail.length - 27; at >= 0; at -= 1) {
      if (tail[at] !== 0x4f) continue;
      const page = readPage(tail, at);
      if (page === null || page.serial !== serial) continue;
      if (page.end > tail.length || (page.flags & endOfStream) === 0) throw truncated(path);
      if (page.granule !== null) return page.granule;
    }
  }
  throw new DamagedAudioError(
    `“${path}” is an Ogg file whose end cannot be found. It is probably damaged: copy it again from where it came.`,
  );
}

function truncated(path: string): TruncatedAudioError {
  return new TruncatedAudioError(
    `“${path}” is an Ogg file that ends without its closing page: it was cut off. Copy it again from where it came.`,
  );
}
