import type { ExtractionSettings } from '../../experiments/extraction-id.ts';
import { InvalidRequestError, NotEnoughSpaceError } from '../errors.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import type { EncoderStatus, ExtractionPace, ExtractRequest } from '../protocol.ts';

export const DEFAULT_SHARD_SIZE = 100;
export const DEFAULT_MAX_CLIP_SEC = 30;

/**
 * Fills in the defaults of a request (last layer, mean pooling, no augmentation, shards of 100, windows of 30 s).
 * @throws InvalidRequestError with a sentence about the first value that makes no sense.
 */
export function settingsOf(request: ExtractRequest, encoder: EncoderStatus): ExtractionSettings {
  const settings: ExtractionSettings = {
    layers: layersOf(request.layers ?? 'last', encoder),
    pooling: request.pooling ?? 'mean',
    augmentations: request.augmentations ?? { versions: 0, seed: 1 },
    maxClipSec: request.maxClipSec ?? DEFAULT_MAX_CLIP_SEC,
    longClips: request.longClips ?? 'window',
  };
  const { pooling, maxClipSec, longClips, augmentations } = settings;
  if (!['mean', 'mean+std', 'none'].includes(pooling))
    throw new InvalidRequestError(`There is no pooling “${pooling}”; use mean, mean+std or none.`);
  if (!(maxClipSec >= 1 && maxClipSec <= 600))
    throw new InvalidRequestError(`The longest clip must be between 1 and 600 seconds, not ${maxClipSec}.`);
  if (longClips !== 'window' && longClips !== 'crop')
    throw new InvalidRequestError(
      `Longer clips can be cut into a window or cropped, not “${longClips as string}”.`,
    );
  if (!Number.isInteger(augmentations.versions) || augmentations.versions < 0 || augmentations.versions > 100)
    throw new InvalidRequestError('The number of augmented versions must be a whole number from 0 to 100.');
  for (const [name, range] of Object.entries(augmentations))
    if (typeof range === 'object' && !(range.min <= range.max))
      throw new InvalidRequestError(
        `The range of ${name} runs from ${range.min} to ${range.max}; swap the two.`,
      );
  return settings;
}

/** @throws InvalidRequestError */
export function paceOf(
  request: Partial<ExtractionPace>,
  before: ExtractionPace = { shardSize: DEFAULT_SHARD_SIZE, batchSize: null },
): ExtractionPace {
  const pace = {
    shardSize: request.shardSize ?? before.shardSize,
    batchSize: request.batchSize ?? before.batchSize,
  };
  const whole = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
  if (!whole(pace.shardSize, 100_000))
    throw new InvalidRequestError(`A shard holds 1 to 100,000 examples, not ${pace.shardSize}.`);
  if (pace.batchSize !== null && !whole(pace.batchSize, 1024))
    throw new InvalidRequestError(`A batch holds 1 to 1,024 examples, not ${pace.batchSize}.`);
  return pace;
}

function layersOf(layers: 'last' | 'all' | readonly number[], encoder: EncoderStatus): number[] {
  if (layers === 'last') return [encoder.layers];
  if (layers === 'all') return Array.from({ length: encoder.layers + 1 }, (_, index) => index);
  const chosen = [...new Set(layers)].sort((a, b) => a - b);
  if (chosen.length === 0) throw new InvalidRequestError('Choose at least one layer to keep.');
  const wrong = chosen.find((layer) => !Number.isInteger(layer) || layer < 0 || layer > encoder.layers);
  if (wrong !== undefined)
    throw new InvalidRequestError(
      `There is no layer ${wrong}: ${encoder.name} has layers 0 (the input to the first) to ${encoder.layers}.`,
    );
  return chosen;
}

/** Bytes that an extraction is expected to need: numbers, and some 200 bytes of names per example. */
export function expectedBytes(
  settings: ExtractionSettings,
  hiddenSize: number,
  examples: number,
  audioSec: number,
): number {
  const perFrame = settings.layers.length * hiddenSize * 4;
  if (settings.pooling === 'none')
    return audioSec * (1 + settings.augmentations.versions) * 50 * perFrame + examples * 200;
  return examples * (perFrame * (settings.pooling === 'mean+std' ? 2 : 1) + 200);
}

/** @throws NotEnoughSpaceError */
export function requireSpace(neededBytes: number, freeBytes: number): void {
  if (neededBytes <= freeBytes) return;
  throw new NotEnoughSpaceError(
    `This extraction is expected to need ${formatBytes(neededBytes)}, and the browser offers ${formatBytes(Math.max(0, freeBytes))}. ` +
      'Free disk space, remove an old extraction, or keep fewer layers or pooled rows instead of frames.',
  );
}
