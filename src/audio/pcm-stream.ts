import type { ByteSource } from './bytes.ts';
import { decodePcm, sampleBytes } from './pcm.ts';
import type { PcmLayout } from './pcm-layout.ts';
import type { AudioStream } from './stream.ts';

/**
 * Samples converted at once, of one channel: 1 MB of float32. Counted in samples and not in bytes, as 8-bit telephone
 * speech grows eightfold by the time it is at 16 kHz; and each worker of the pool has its own.
 */
const pieceFrames = 1 << 18;

/** Opens an uncompressed file. */
export function openPcm(source: ByteSource, layout: PcmLayout): AudioStream {
  return { sampleRate: layout.sampleRate, pieces: readPcm(source, layout) };
}

async function* readPcm(source: ByteSource, layout: PcmLayout): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const frameBytes = sampleBytes[layout.encoding] * layout.channels;
  for (let frame = 0; frame < layout.frames; frame += pieceFrames) {
    const start = layout.dataStart + frame * frameBytes;
    const count = Math.min(pieceFrames, layout.frames - frame);
    const bytes = await source.read(start, start + count * frameBytes);
    yield decodePcm(bytes, layout.encoding, layout.channels, layout.littleEndian);
  }
}
