import { dataView, fourCharacters, type ByteSource } from './bytes.ts';
import { DamagedAudioError, EmptyAudioError, UnsupportedAudioError } from './errors.ts';
import { sampleBytes, type PcmEncoding } from './pcm.ts';
import { checkChannelsAndRate, presentFrames, type PcmLayout } from './pcm-layout.ts';

const maxChunks = 4096;

interface Common {
  readonly channels: number;
  readonly bits: number;
  readonly sampleRate: number;
  /** `NONE` in a plain AIFF. */
  readonly compression: string;
}

/**
 * Reads the header of an AIFF or AIFF-C file: big-endian PCM 8–32 bits, `sowt` little-endian, floats, A-law, µ-law.
 * @throws EmptyAudioError, TruncatedAudioError, DamagedAudioError, UnsupportedAudioError
 */
export async function readAiffLayout(source: ByteSource, path: string): Promise<PcmLayout> {
  let common: Common | undefined;
  let dataStart: number | undefined;
  let dataBytes = 0;
  let position = 12;
  for (let chunk = 0; chunk < maxChunks && position + 8 <= source.sizeBytes; chunk += 1) {
    const bytes = await source.read(position, position + 64);
    const tag = fourCharacters(bytes, 0);
    const size = dataView(bytes).getUint32(4);
    if (tag === 'COMM') common = readCommon(bytes.subarray(8, 8 + size), path);
    if (tag === 'SSND' && bytes.length >= 16) {
      dataStart = position + 16 + dataView(bytes).getUint32(8);
      dataBytes = size - 8 - dataView(bytes).getUint32(8);
    }
    if (common !== undefined && dataStart !== undefined) break;
    position += 8 + size + (size % 2);
  }
  if (common === undefined) {
    throw new DamagedAudioError(
      `“${path}” is an AIFF file without a format. Export it again from the program that made it.`,
    );
  }
  if (dataStart === undefined) {
    throw new EmptyAudioError(
      `“${path}” is an AIFF file with a header but no samples. Remove it or record it again.`,
    );
  }
  checkChannelsAndRate(path, common.channels, common.sampleRate);
  const coding = codingOf(common);
  if (coding === undefined) {
    throw new UnsupportedAudioError(
      `“${path}” is an AIFF file coded as “${common.compression.trim()}” with ${common.bits} bits, which cannot be decoded here. Convert it to WAV or FLAC.`,
    );
  }
  const format = { ...coding, sampleRate: common.sampleRate, channels: common.channels };
  const frameBytes = sampleBytes[coding.encoding] * common.channels;
  const frames = presentFrames(path, format.sampleRate, frameBytes, dataBytes, source.sizeBytes - dataStart);
  return { ...format, container: 'AIFF', dataStart, frames };
}

function readCommon(bytes: Uint8Array, path: string): Common {
  if (bytes.length < 18) {
    throw new DamagedAudioError(
      `“${path}” is an AIFF file whose format entry is cut short. Export it again from the program that made it.`,
    );
  }
  const view = dataView(bytes);
  return {
    channels: view.getUint16(0),
    bits: view.getUint16(6),
    sampleRate: Math.round(extendedFloat(view, 8)),
    compression: bytes.length >= 22 ? fourCharacters(bytes, 18) : 'NONE',
  };
}

/** IEEE 754 80-bit extended number; its 64-bit mantissa is rounded to a double. */
function extendedFloat(view: DataView, offset: number): number {
  const exponent = (view.getUint16(offset) & 0x7fff) - 16383;
  return (view.getUint32(offset + 2) + view.getUint32(offset + 6) / 4294967296) * 2 ** (exponent - 31);
}

function codingOf(common: Common): Pick<PcmLayout, 'encoding' | 'codec' | 'littleEndian'> | undefined {
  const bytes = Math.ceil(common.bits / 8);
  const integers: Readonly<Record<number, PcmEncoding>> = { 1: 'int8', 2: 'int16', 3: 'int24', 4: 'int32' };
  const integer = integers[bytes];
  switch (common.compression) {
    case 'NONE':
    case 'twos':
    case 'in24':
    case 'in32':
      return integer && { encoding: integer, codec: `PCM ${bytes * 8} bit`, littleEndian: false };
    case 'sowt':
      return integer && { encoding: integer, codec: `PCM ${bytes * 8} bit`, littleEndian: true };
    case 'fl32':
    case 'FL32':
      return { encoding: 'float32', codec: 'IEEE float 32 bit', littleEndian: false };
    case 'fl64':
    case 'FL64':
      return { encoding: 'float64', codec: 'IEEE float 64 bit', littleEndian: false };
    case 'alaw':
    case 'ALAW':
      return { encoding: 'a-law', codec: 'A-law', littleEndian: false };
    case 'ulaw':
    case 'ULAW':
      return { encoding: 'mu-law', codec: 'µ-law', littleEndian: false };
    default:
      return undefined;
  }
}
