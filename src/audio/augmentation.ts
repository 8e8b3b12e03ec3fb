/** A closed interval that one number is drawn from, uniformly, once per clip and version. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * What may be done to a waveform before it is encoded; an absent entry is not applied.
 * Applied in this order: speed, pitch, shift, gain, noise.
 */
export interface AugmentationSettings {
  /** Versions per clip beside the original; 0 means none. They are marked `#aug1`, `#aug2`… */
  readonly versions: number;
  /** White Gaussian noise, signal-to-noise ratio in dB. */
  readonly noiseSnrDb?: Range;
  readonly gainDb?: Range;
  /** Factor on tempo and pitch together (resampling); 1 leaves it. */
  readonly speed?: Range;
  /** Pitch shift in semitones, length kept. */
  readonly pitchSemitones?: Range;
  /** Circular-free shift in milliseconds, the gap filled with zeros. */
  readonly shiftMs?: Range;
  /** Makes every drawn number reproducible: clip k, version v always gives the same samples. */
  readonly seed: number;
}
