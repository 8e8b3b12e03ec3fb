import { blobBytes } from './bytes.ts';
import { TooShortAudioError, UnsupportedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { encoderSampleRate, minEncoderSamples, tooShortReason } from './prepare.ts';
import { resampledLength } from './resample.ts';
import { sniff } from './sniff.ts';
import { readWavLayout } from './wav.ts';

const headBytes = 4096;

/**
 * Reads what a file says of itself from a few of its bytes; the samples are not looked at.
 * @throws a named error of errors.ts for a file that cannot be used
 */
export async function probeAudio(blob: Blob, path: string): Promise<AudioHeader> {
  const source = blobBytes(blob);
  const head = await source.read(0, headBytes);
  const container = sniff(head, source.sizeBytes, path);
  if (container !== 'WAV') {
    throw new UnsupportedAudioError(`“${path}” is a ${container} file, which cannot be decoded here.`);
  }
  const layout = await readWavLayout(source, path);
  const durationSec = layout.frames / layout.sampleRate;
  if (resampledLength(layout.frames, layout.sampleRate, encoderSampleRate) < minEncoderSamples) {
    throw new TooShortAudioError(tooShortReason(path, durationSec));
  }
  return {
    container,
    codec: layout.codec,
    sampleRate: layout.sampleRate,
    channels: layout.channels,
    durationSec,
    durationIsEstimate: false,
  };
}
