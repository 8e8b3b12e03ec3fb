import type { ByteSource } from './bytes.ts';
import { decodePcm, sampleBytes } from './pcm.ts';
import type { AudioStream } from './stream.ts';
import { readWavLayout, type PcmLayout } from './wav.ts';

/** Bytes read and converted at once: small enough for any machine, large enough not to be felt. */
const pieceBytes = 4 * 1024 * 1024;

/** Opens a WAV file. */
export async function openPcm(source: ByteSource, path: string): Promise<AudioStream> {
  const layout = await readWavLayout(source, path);
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
