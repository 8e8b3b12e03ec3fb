import type { ByteSource } from './bytes.ts';
import { decodePcm, sampleBytes } from './pcm.ts';
import type { PcmLayout } from './pcm-layout.ts';
import type { AudioStream } from './stream.ts';

/** Bytes read and converted at once: small enough for any machine, large enough not to be felt. */
const pieceBytes = 4 * 1024 * 1024;

/** Opens an uncompressed file. */
export function openPcm(source: ByteSource, layout: PcmLayout): AudioStream {
  return { sampleRate: layout.sampleRate, pieces: readPcm(source, layout) };
}

async function* readPcm(source: ByteSource, layout: PcmLayout): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const frameBytes = sampleBytes[layout.encoding] * layout.channels;
  const framesAtOnce = Math.max(1, Math.floor(pieceBytes / frameBytes));
  for (let frame = 0; frame < layout.frames; frame += framesAtOnce) {
    const start = layout.dataStart + frame * frameBytes;
    const count = Math.min(framesAtOnce, layout.frames - frame);
    const bytes = await source.read(start, start + count * frameBytes);
    yield decodePcm(bytes, layout.encoding, layout.channels, layout.littleEndian);
  }
}
