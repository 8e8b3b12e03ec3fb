import * as v from 'valibot';
import { MalformedJsonError, UnsupportedCheckpointError } from './errors.ts';

/** Defaults are those of transformers' `Wav2Vec2FeatureExtractor`. */
const schema = v.object({
  do_normalize: v.optional(v.boolean(), true),
  feature_extractor_type: v.optional(v.string(), 'Wav2Vec2FeatureExtractor'),
  feature_size: v.optional(v.number(), 1),
  sampling_rate: v.optional(v.number(), 16000),
});

/**
 * Whether waveforms are normalised, from the parsed `preprocessor_config.json`.
 * @throws UnsupportedCheckpointError for other extractors, sample rates or several channels
 */
export function readDoNormalize(path: string, json: unknown): boolean {
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const field = v.getDotPath(parsed.issues[0]) ?? 'its content';
    throw new MalformedJsonError(`${path} cannot be used: ${field} is not as expected. Download it again.`);
  }
  const extractor = parsed.output;
  if (extractor.feature_extractor_type !== 'Wav2Vec2FeatureExtractor') {
    throw new UnsupportedCheckpointError(
      `${path} asks for the feature extractor ${extractor.feature_extractor_type}; the model does not work on waveforms.`,
    );
  }
  if (extractor.sampling_rate !== 16000 || extractor.feature_size !== 1) {
    throw new UnsupportedCheckpointError(
      `${path} asks for ${extractor.feature_size} channel(s) at ${extractor.sampling_rate} Hz; supported is one at 16,000 Hz.`,
    );
  }
  return extractor.do_normalize;
}
