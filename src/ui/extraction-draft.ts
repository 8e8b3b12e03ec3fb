import type { ExtractionSettings } from '../experiments/extraction-id.ts';
import type { AugmentationSettings, Range } from '../audio/augmentation.ts';
import type { Pooling } from '../encoder/pooling.ts';
import type { DatasetStatus, EncoderStatus, ExtractionPace, ExtractRequest } from '../engine/protocol.ts';

/** What the person has chosen so far; layers stay `last` or `all` until an encoder says how many there are. */
export interface ExtractionDraft extends Omit<ExtractionSettings, 'layers'>, ExtractionPace {
  readonly layers: 'last' | 'all' | readonly number[];
}

/** One click is enough: the last layer, averaged over time, nothing added. */
export const defaultDraft: ExtractionDraft = {
  layers: 'last',
  pooling: 'mean',
  augmentations: { versions: 0, seed: 1 },
  maxClipSec: 30,
  longClips: 'window',
  shardSize: 100,
  batchSize: null,
};

export type AugmentationKind = 'noiseSnrDb' | 'gainDb' | 'speed' | 'pitchSemitones' | 'shiftMs';

export interface AugmentationField {
  readonly kind: AugmentationKind;
  readonly title: string;
  readonly unit: string;
  readonly step: number;
  readonly initial: Range;
  /** What may be typed. */
  readonly limits: Range;
  readonly help: string;
}

/** The augmentations in the order in which they are applied. */
export const augmentationFields: readonly AugmentationField[] = [
  {
    kind: 'speed',
    title: 'Speed',
    unit: '×',
    step: 0.01,
    initial: { min: 0.9, max: 1.1 },
    limits: { min: 0.5, max: 2 },
    help: 'Tempo and pitch together; 1 leaves the clip as it is.',
  },
  {
    kind: 'pitchSemitones',
    title: 'Pitch',
    unit: 'semitones',
    step: 0.5,
    initial: { min: -2, max: 2 },
    limits: { min: -12, max: 12 },
    help: 'Pitch alone; the length stays.',
  },
  {
    kind: 'shiftMs',
    title: 'Time shift',
    unit: 'ms',
    step: 10,
    initial: { min: -100, max: 100 },
    limits: { min: -5000, max: 5000 },
    help: 'Moves the clip in time; the gap is silence.',
  },
  {
    kind: 'gainDb',
    title: 'Gain',
    unit: 'dB',
    step: 0.5,
    initial: { min: -6, max: 6 },
    limits: { min: -60, max: 40 },
    help: 'Louder or quieter.',
  },
  {
    kind: 'noiseSnrDb',
    title: 'Noise',
    unit: 'dB SNR',
    step: 1,
    initial: { min: 10, max: 30 },
    limits: { min: -20, max: 80 },
    help: 'White noise; a lower signal-to-noise ratio is noisier.',
  },
];

export const resolveLayers = (layers: ExtractionDraft['layers'], layerCount: number): readonly number[] =>
  layers === 'last'
    ? [layerCount]
    : layers === 'all'
      ? Array.from({ length: layerCount + 1 }, (_, layer) => layer)
      : layers.filter((layer) => layer <= layerCount);

/** Versions without any effect chosen would be copies of the clip: both are needed. */
const appliedAugmentations = (augmentations: AugmentationSettings): AugmentationSettings =>
  augmentations.versions > 0 && hasEffect(augmentations)
    ? augmentations
    : { versions: 0, seed: augmentations.seed };

export const hasEffect = (augmentations: AugmentationSettings): boolean =>
  augmentationFields.some(({ kind }) => augmentations[kind] !== undefined);

/** The settings as the engine will see them. */
export const settingsOf = (draft: ExtractionDraft, encoder: EncoderStatus): ExtractionSettings => ({
  layers: resolveLayers(draft.layers, encoder.layers),
  pooling: draft.pooling,
  augmentations: appliedAugmentations(draft.augmentations),
  maxClipSec: draft.maxClipSec,
  longClips: draft.longClips,
});

export const requestOf = (
  draft: ExtractionDraft,
  dataset: DatasetStatus,
  encoder: EncoderStatus,
): ExtractRequest => ({
  dataset: dataset.id,
  encoder: encoder.id,
  ...draft,
  augmentations: appliedAugmentations(draft.augmentations),
});

/** Why the draft cannot be started, as sentences; empty when it can. */
export function problemsOf(draft: ExtractionDraft): readonly string[] {
  const problems: string[] = [];
  const { augmentations } = draft;
  if (typeof draft.layers !== 'string' && draft.layers.length === 0)
    problems.push('Choose at least one layer.');
  if (!(draft.maxClipSec >= 0.1)) problems.push('The longest stretch must be 0.1 s or more.');
  if (!(Number.isInteger(draft.shardSize) && draft.shardSize >= 1))
    problems.push('A shard needs one clip at least.');
  if (draft.batchSize !== null && !(Number.isInteger(draft.batchSize) && draft.batchSize >= 1))
    problems.push('A batch needs one clip at least.');
  if (!(Number.isInteger(augmentations.versions) && augmentations.versions >= 0))
    problems.push('The number of changed versions must be 0 or more.');
  if (augmentations.versions > 0 && !hasEffect(augmentations))
    problems.push(
      'Changed versions are asked for, but no change is chosen: tick one, or set the versions to 0.',
    );
  for (const { kind, title, unit, limits } of augmentationFields) {
    const range = augmentations[kind];
    if (!range) continue;
    if (!(range.min <= range.max)) problems.push(`${title}: the lower end must not be above the upper end.`);
    else if (!(range.min >= limits.min && range.max <= limits.max))
      problems.push(`${title}: between ${limits.min} and ${limits.max} ${unit}.`);
  }
  return problems;
}

export interface ExpectedResult {
  readonly examples: number;
  /** Axes of `embeddings`, e.g. `[440, 768]`; the first is an estimate when frames are kept. */
  readonly shape: readonly number[];
  readonly isEstimate: boolean;
  readonly sizeBytes: number;
}

/** One frame of a WavLM-style encoder every 320 samples at 16 kHz. */
const framesPerSec = 50;

/** What an extraction will give: `[N, D]`, `[N, layers, D]`, or frames in place of N when pooling is `none`. */
export function expectedResult(
  settings: ExtractionSettings,
  dataset: DatasetStatus,
  encoder: EncoderStatus,
): ExpectedResult {
  const versions = 1 + settings.augmentations.versions;
  const examples = dataset.clips * versions;
  const keepsFrames = settings.pooling === 'none';
  const rows = keepsFrames ? Math.round(dataset.hours * 3600 * framesPerSec * versions) : examples;
  const width = encoder.hiddenSize * (settings.pooling === 'mean+std' ? 2 : 1);
  const layers = settings.layers.length;
  const shape = layers > 1 ? [rows, layers, width] : [rows, width];
  return {
    examples,
    shape,
    isEstimate: keepsFrames,
    sizeBytes: rows * layers * width * Float32Array.BYTES_PER_ELEMENT,
  };
}

const poolingWords: Record<Pooling, string> = {
  mean: 'mean over time',
  'mean+std': 'mean and standard deviation over time',
  none: 'every frame',
};

const layersInWords = (layers: readonly number[]): string => {
  const first = layers[0];
  const last = layers.at(-1);
  if (layers.length === 1) return `layer ${first}`;
  const isRun = last !== undefined && first !== undefined && last - first === layers.length - 1;
  return isRun ? `layers ${first} to ${last}` : `layers ${layers.join(', ')}`;
};

const rangeInWords = (range: Range, unit: string): string => `${range.min} to ${range.max} ${unit}`;

export function augmentationInWords(augmentations: AugmentationSettings): string {
  if (augmentations.versions === 0) return 'no augmentation';
  const effects = augmentationFields.flatMap(({ kind, title, unit }) => {
    const range = augmentations[kind];
    return range ? [`${title.toLowerCase()} ${rangeInWords(range, unit)}`] : [];
  });
  return `${augmentations.versions} changed ${augmentations.versions === 1 ? 'version' : 'versions'} per clip (${effects.join(', ')}; seed ${augmentations.seed})`;
}

const longClipsInWords = (settings: ExtractionSettings): string =>
  settings.longClips === 'window'
    ? `clips over ${settings.maxClipSec} s in windows`
    : `first ${settings.maxClipSec} s of each clip`;

/** `layer 12 · mean over time · no augmentation · clips over 20 s in windows` */
export const settingsInWords = (settings: ExtractionSettings): string =>
  [
    layersInWords(settings.layers),
    poolingWords[settings.pooling],
    augmentationInWords(settings.augmentations),
    longClipsInWords(settings),
  ].join(' · ');

/** What two sets of settings differ in, `what: was → will be`; empty when they give the same numbers. */
export function settingsDifference(from: ExtractionSettings, to: ExtractionSettings): readonly string[] {
  const changes: string[] = [];
  const compare = (title: string, a: string, b: string): void => {
    if (a !== b) changes.push(`${title}: ${a} → ${b}`);
  };
  compare('Layers', layersInWords(from.layers), layersInWords(to.layers));
  compare('Pooling', poolingWords[from.pooling], poolingWords[to.pooling]);
  compare('Augmentation', augmentationInWords(from.augmentations), augmentationInWords(to.augmentations));
  compare('Long clips', longClipsInWords(from), longClipsInWords(to));
  return changes;
}
