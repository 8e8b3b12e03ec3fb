/** Hz; every encoder of the WavLM family hears this rate. */
export const encoderSampleRate = 16_000;

/** The receptive field of the convolutional feature encoder: fewer samples give no frame. */
export const minEncoderSamples = 400;

/** The sentence of a `TooShortAudioError`. */
export function tooShortReason(path: string, durationSec: number): string {
  return `“${path}” lasts only ${(durationSec * 1000).toFixed(1)} ms; an embedding needs at least 25 ms (400 samples at 16 kHz). Remove it or use a longer recording.`;
}
