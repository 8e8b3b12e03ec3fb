import { OggVorbisDecoder, type OggVorbisDecodedAudio } from '@wasm-audio-decoders/ogg-vorbis';
import type { ByteSource } from './bytes.ts';
import { DamagedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { meanOfChannels, type AudioStream } from './stream.ts';

const pieceBytes = 65_536;

/** Opens Ogg Vorbis with libvorbis: exact lengths, where WebCodecs pads. */
export function openVorbis(source: ByteSource, header: AudioHeader, path: string): AudioStream {
  return { sampleRate: header.sampleRate, pieces: decodeVorbis(source, path) };
}

async function* decodeVorbis(source: ByteSource, path: string): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const decoder = new OggVorbisDecoder();
  await decoder.ready;
  const mono = (decoded: OggVorbisDecodedAudio): Float32Array<ArrayBuffer> => {
    const [error] = decoded.errors;
    if (error !== undefined) {
      throw new DamagedAudioError(
        `“${path}” is an Ogg Vorbis file with a damaged packet (${error.message.trim()}). Copy or export it again.`,
      );
    }
    return meanOfChannels(decoded.channelData, decoded.samplesDecoded);
  };
  try {
    for (let at = 0; at < source.sizeBytes; at += pieceBytes) {
      const piece = mono(await decoder.decode(await source.read(at, at + pieceBytes)));
      if (piece.length > 0) yield piece;
    }
    const rest = mono(await decoder.flush());
    if (rest.length > 0) yield rest;
  } finally {
    decoder.free();
  }
}
