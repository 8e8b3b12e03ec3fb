import type { AugmentationSettings, Range } from '../audio/augmentation.ts';
import type { Pooling } from '../encoder/pooling.ts';
import { canonicalJson, type JsonValue } from '../lib/canonical-json.ts';
import { sha256Text } from '../lib/digest.ts';

/** Everything about an extraction, apart from clips and encoder, that changes a number in it. */
export interface ExtractionSettings {
  /** Indices into hidden_states (0…L), ascending. */
  readonly layers: readonly number[];
  readonly pooling: Pooling;
  readonly augmentations: AugmentationSettings;
  /** Longest stretch given to the encoder at once. */
  readonly maxClipSec: number;
  /** What happens to longer clips: windows whose frames are pooled together, or the first `maxClipSec` kept. */
  readonly longClips: 'window' | 'crop';
}

/** What an extraction is made from. */
export interface ExtractionIdentity {
  readonly clips: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly encoderId: string;
  readonly settings: ExtractionSettings;
}

/**
 * The extraction's id: 32 hex digits of SHA-256 over clips, encoder and settings in canonical form. Labels, shard size
 * and batch size are not part of it. Augmentation ranges count only when there are augmented versions.
 */
export async function extractionId({ clips, encoderId, settings }: ExtractionIdentity): Promise<string> {
  const { augmentations, ...rest } = settings;
  const identity: JsonValue = {
    format: 1,
    clips: clips.map(({ path, sizeBytes }) => [path, sizeBytes]),
    encoder: encoderId,
    settings: { ...rest, augmentations: augmentations.versions > 0 ? asJson(augmentations) : null },
  };
  return (await sha256Text(canonicalJson(identity))).slice(0, 32);
}

function asJson(settings: AugmentationSettings): JsonValue {
  const plain: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(settings) as [string, number | Range][])
    plain[key] = typeof value === 'number' ? value : { min: value.min, max: value.max };
  return plain;
}

/** In words, what two extractions differ in; empty when nothing that changes a number differs. */
export function describeDifference(
  a: ExtractionIdentity & { readonly encoderName: string },
  b: ExtractionIdentity & { readonly encoderName: string },
): string[] {
  const sentences: string[] = [];
  const clipsOf = (side: ExtractionIdentity) =>
    new Map(side.clips.map((clip) => [clip.path, clip.sizeBytes]));
  const [clipsA, clipsB] = [clipsOf(a), clipsOf(b)];
  const gone = [...clipsA.keys()].filter((path) => !clipsB.has(path)).length;
  const added = [...clipsB.keys()].filter((path) => !clipsA.has(path)).length;
  const resized = [...clipsA].filter(([path, size]) => clipsB.has(path) && clipsB.get(path) !== size).length;
  if (gone > 0) sentences.push(`${clipCount(gone)} of the first missing in the second.`);
  if (added > 0) sentences.push(`${clipCount(added)} only in the second.`);
  if (resized > 0) sentences.push(`${clipCount(resized)} of another size.`);
  if (a.encoderId !== b.encoderId) sentences.push(`Encoder: ${a.encoderName} → ${b.encoderName}.`);
  const [before, after] = [settingsInWords(a.settings), settingsInWords(b.settings)];
  for (const [name, words] of before)
    if (after.get(name) !== words) sentences.push(`${name}: ${words} → ${after.get(name) ?? 'none'}.`);
  return sentences;
}

function clipCount(count: number): string {
  return count === 1 ? '1 clip' : `${count} clips`;
}

function settingsInWords(settings: ExtractionSettings): Map<string, string> {
  const { augmentations } = settings;
  const range = (of: Range | undefined, unit: string): string =>
    of && augmentations.versions > 0 ? `${of.min} to ${of.max}${unit}` : 'none';
  return new Map([
    ['Layers', settings.layers.join(', ')],
    ['Pooling', settings.pooling === 'none' ? 'none (frames)' : settings.pooling],
    ['Longest clip', `${settings.maxClipSec} s`],
    ['Longer clips', settings.longClips === 'window' ? 'cut into windows' : 'cropped'],
    ['Augmented versions', String(augmentations.versions)],
    ['Noise', range(augmentations.noiseSnrDb, ' dB')],
    ['Gain', range(augmentations.gainDb, ' dB')],
    ['Speed', range(augmentations.speed, '×')],
    ['Pitch', range(augmentations.pitchSemitones, ' semitones')],
    ['Time shift', range(augmentations.shiftMs, ' ms')],
    ['Augmentation seed', augmentations.versions > 0 ? String(augmentations.seed) : 'none'],
  ]);
}
