import { dataView, fourCharacters, readUint64, type ByteSource } from './bytes.ts';
import { DamagedAudioError, EmptyAudioError, TruncatedAudioError, UnsupportedAudioError } from './errors.ts';
import { sampleBytes, type PcmEncoding } from './pcm.ts';
import { checkChannelsAndRate, presentFrames, type PcmLayout } from './pcm-layout.ts';

const headBytes = 4096;
/** A header needs a handful of chunks; a file of thousands of tiny ones is hostile. */
const maxChunks = 4096;

interface Format {
  readonly encoding: PcmEncoding;
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
}

/** True for RIFF/WAVE, RF64 and the big-endian RIFX. */
export function isWav(head: Uint8Array): boolean {
  const tag = fourCharacters(head, 0);
  return (tag === 'RIFF' || tag === 'RF64' || tag === 'BW64') && fourCharacters(head, 8) === 'WAVE';
}

/**
 * Reads the header of a WAV file (RIFF, RF64 and BW64; PCM 8–32 bits, float 32/64, A-law, µ-law, extensible). The
 * sizes of an unfinished recording (0 or all ones) mean "to the end of the file".
 * @throws EmptyAudioError, TruncatedAudioError, DamagedAudioError, UnsupportedAudioError
 */
export async function readWavLayout(source: ByteSource, path: string): Promise<PcmLayout> {
  const head = await source.read(0, headBytes);
  let format: Format | undefined;
  let data64: number | undefined;
  let position = 12;
  for (let chunk = 0; chunk < maxChunks && position + 8 <= source.sizeBytes; chunk += 1) {
    const inHead = position + 64 <= head.length;
    const bytes = inHead ? head.subarray(position) : await source.read(position, position + 64);
    const tag = fourCharacters(bytes, 0);
    const size = dataView(bytes).getUint32(4, true);
    if (tag === 'ds64' && bytes.length >= 24) data64 = readUint64(bytes, 16);
    if (tag === 'fmt ' && position + 8 + size <= source.sizeBytes)
      format = readFormat(bytes.subarray(8, 8 + size), path);
    if (tag === 'data') {
      if (format === undefined) {
        throw new DamagedAudioError(
          `“${path}” is a WAV file whose samples come before their format is told, so they cannot be read. Export it again from the program that made it.`,
        );
      }
      return layoutOf(source, path, format, position + 8, size, data64, dataView(head).getUint32(4, true));
    }
    position += 8 + size + (size % 2);
  }
  if (format === undefined && position <= source.sizeBytes) {
    throw new DamagedAudioError(
      `“${path}” is a WAV file without a format and without samples. Export it again from the program that made it.`,
    );
  }
  if (position > source.sizeBytes) {
    throw new TruncatedAudioError(
      `“${path}” is a WAV file that breaks off in its header (after ${source.sizeBytes} bytes). Copy it again from where it came.`,
    );
  }
  throw new EmptyAudioError(
    `“${path}” is a WAV file with a header but no samples. Remove it or record it again.`,
  );
}

function layoutOf(
  source: ByteSource,
  path: string,
  format: Format,
  dataStart: number,
  declared32: number,
  data64: number | undefined,
  riffSize: number,
): PcmLayout {
  const present = source.sizeBytes - dataStart;
  const unfinished =
    (declared32 === 0xffffffff && data64 === undefined) ||
    // Recorders write the sizes last; pipes leave them 0, all ones, or just under a sign bit.
    (declared32 === 0 && (riffSize === 0 || riffSize === 0xffffffff)) ||
    (declared32 >= 0x7fff0000 && declared32 <= 0x7fffffff && present < declared32);
  const declared = declared32 === 0xffffffff && data64 !== undefined ? data64 : declared32;
  const frameBytes = sampleBytes[format.encoding] * format.channels;
  const usable = unfinished ? present : declared;
  return {
    ...format,
    container: 'WAV',
    littleEndian: true,
    dataStart,
    frames: presentFrames(path, format.sampleRate, frameBytes, usable, present),
  };
}

function readFormat(bytes: Uint8Array, path: string): Format {
  if (bytes.length < 16) {
    throw new DamagedAudioError(
      `“${path}” is a WAV file whose format entry is cut short. Export it again from the program that made it.`,
    );
  }
  const view = dataView(bytes);
  let tag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const blockBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  // WAVE_FORMAT_EXTENSIBLE: the true tag is the first two bytes of the sub-format GUID.
  if (tag === 0xfffe && bytes.length >= 26) tag = view.getUint16(24, true);
  checkChannelsAndRate(path, channels, sampleRate);
  // Samples of fewer bits are stored left-justified in whole bytes, so the container's width is what counts.
  const containerBits = blockBytes % channels === 0 && blockBytes > 0 ? (blockBytes / channels) * 8 : bits;
  const encoding = encodingOf(tag, containerBits);
  if (encoding === undefined) {
    throw new UnsupportedAudioError(
      `“${path}” is a WAV file coded as ${formatName(tag, bits)}, which cannot be decoded here. Convert it to 16-bit PCM, FLAC or MP3.`,
    );
  }
  return { encoding, codec: formatName(tag, containerBits), sampleRate, channels };
}

function encodingOf(tag: number, bits: number): PcmEncoding | undefined {
  if (tag === 1) {
    return ({ 8: 'uint8', 16: 'int16', 24: 'int24', 32: 'int32' } as const)[bits];
  }
  if (tag === 3) return ({ 32: 'float32', 64: 'float64' } as const)[bits];
  if (tag === 6 && bits === 8) return 'a-law';
  if (tag === 7 && bits === 8) return 'mu-law';
  return undefined;
}

const formatNames: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  6: 'A-law',
  7: 'µ-law',
  0x11: 'IMA ADPCM',
  0x31: 'GSM 6.10',
  0x50: 'MPEG',
  0x55: 'MP3',
  0xff: 'AAC',
};

function formatName(tag: number, bits: number): string {
  if (tag === 1) return `PCM ${bits} bit`;
  if (tag === 3) return `IEEE float ${bits} bit`;
  return formatNames[tag] ?? `format 0x${tag.toString(16).padStart(4, '0')}`;
}
