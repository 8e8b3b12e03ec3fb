import { MPEGDecoder } from 'mpg123-decoder';
import type { ByteSource } from './bytes.ts';
import { DamagedAudioError, TruncatedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { endsInsideFrame } from './mpeg.ts';
import { meanOfChannels, type AudioStream } from './stream.ts';

const pieceBytes = 65_536;
/** Files up to this size are checked for a broken last frame before they are decoded. */
const wholeCheckBytes = 64 * 1024 * 1024;

/** Opens MPEG audio with mpg123: encoder delay and padding are cut off as the LAME tag says. */
export async function openMpeg(
  source: ByteSource,
  start: number,
  header: AudioHeader,
  path: string,
): Promise<AudioStream> {
  if (header.frames === null && source.sizeBytes <= wholeCheckBytes) {
    const bytes = await source.read(start, source.sizeBytes);
    if (endsInsideFrame(bytes, 0)) {
      throw new TruncatedAudioError(
        `“${path}” ends in the middle of an MP3 frame: it was cut off. Copy it again from where it came.`,
      );
    }
  }
  return { sampleRate: header.sampleRate, pieces: decodeMpeg(source, start, header.sampleRate, path) };
}

async function* decodeMpeg(
  source: ByteSource,
  start: number,
  sampleRate: number,
  path: string,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    for (let at = start; at < source.sizeBytes; at += pieceBytes) {
      const decoded = decoder.decode(await source.read(at, at + pieceBytes));
      const [error] = decoded.errors;
      if (error !== undefined) {
        throw new DamagedAudioError(
          `“${path}” is an MP3 file with a damaged frame (${error.message.trim()}). Copy or export it again.`,
        );
      }
      if (decoded.samplesDecoded === 0) continue;
      if (decoded.sampleRate !== sampleRate) {
        throw new DamagedAudioError(
          `“${path}” changes its sample rate in the middle (${sampleRate} to ${decoded.sampleRate} Hz). Export it again at one rate.`,
        );
      }
      yield meanOfChannels(decoded.channelData, decoded.samplesDecoded);
    }
  } finally {
    decoder.free();
  }
}
