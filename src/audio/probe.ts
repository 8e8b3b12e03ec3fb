import { blobBytes } from './bytes.ts';
import { TooShortAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { inspect } from './inspect.ts';
import { encoderSampleRate, minEncoderSamples, tooShortReason } from './encoder-input.ts';
import { resampledLength } from './resample.ts';

/**
 * Reads what a file says of itself from a few of its bytes; the samples are not looked at.
 * @throws a named error of errors.ts for a file that cannot be used
 */
export async function probeAudio(blob: Blob, path: string): Promise<AudioHeader> {
  const { header } = await inspect(blobBytes(blob), path);
  const { frames, sampleRate } = header;
  if (frames !== null && resampledLength(frames, sampleRate, encoderSampleRate) < minEncoderSamples) {
    throw new TooShortAudioError(tooShortReason(path, frames / sampleRate));
  }
  return header;
}
