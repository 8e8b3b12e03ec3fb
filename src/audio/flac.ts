import { dataView, type ByteSource } from './bytes.ts';
import { TruncatedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { checkChannelsAndRate } from './pcm-layout.ts';

/** Magic, block header and STREAMINFO. */
const headerBytes = 42;

/**
 * Reads the STREAMINFO block (RFC 9639, 8.2) of a FLAC file that begins at `start`.
 * @throws TruncatedAudioError, DamagedAudioError
 */
export async function readFlacHeader(source: ByteSource, start: number, path: string): Promise<AudioHeader> {
  const bytes = await source.read(start, start + headerBytes);
  if (bytes.length < headerBytes) {
    throw new TruncatedAudioError(
      `“${path}” is a FLAC file that breaks off in its header (after ${source.sizeBytes} bytes). Copy it again from where it came.`,
    );
  }
  const view = dataView(bytes.subarray(8));
  const packed = view.getUint32(10);
  const sampleRate = packed >>> 12;
  const channels = ((packed >>> 9) & 7) + 1;
  checkChannelsAndRate(path, channels, sampleRate);
  // 36 bits; 0 means that the encoder did not know.
  const total = (packed & 15) * 4294967296 + view.getUint32(14);
  return {
    container: 'FLAC',
    codec: 'FLAC',
    sampleRate,
    channels,
    frames: total === 0 ? null : total,
    durationSec: total === 0 ? null : total / sampleRate,
  };
}
