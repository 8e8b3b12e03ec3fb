import { xxh128Stream } from '../lib/digest.ts';
import { TrainingDataError } from './errors.ts';
import { countClasses, type Examples } from './examples.ts';
import { firstNonFinite } from './finite.ts';

/** What one run learns from and is judged by: positions into the examples. */
export interface TrainingData {
  readonly examples: Examples;
  readonly train: Int32Array;
  /** May be empty: then nothing chooses a best checkpoint. */
  readonly validation: Int32Array;
}

/**
 * Looks at the data before anything runs.
 * @returns sentences about what is allowed but should be known.
 * @throws TrainingDataError when nothing can be learned: no examples, one class only, unlabelled or non-finite ones.
 */
export function checkTrainingData({ examples, train, validation }: TrainingData): readonly string[] {
  const { classes, labels, ids } = examples;
  if (train.length === 0) throw new TrainingDataError('The training part is empty; choose another split.');
  for (const index of [...train, ...validation])
    if (!(labels[index]! >= 0 && labels[index]! < classes.length))
      throw new TrainingDataError(
        `“${ids[index] ?? index}” has no label, so it cannot be trained on or judged; label it or leave it out of the split.`,
      );
  const counts = countClasses(examples, train);
  const present = classes.filter((_, label) => counts[label]! > 0);
  if (present.length < 2)
    throw new TrainingDataError(
      `All ${train.length} training examples have the label “${present[0] ?? ''}”; a classifier needs at least two classes.`,
    );
  const notices: string[] = [];
  classes.forEach((name, label) => {
    if (counts[label] === 1)
      notices.push(
        `The class “${name}” has a single training example; what it learns of the class rests on that one clip.`,
      );
  });
  const validationCounts = countClasses(examples, validation);
  classes.forEach((name, label) => {
    const count = validationCounts[label]!;
    if (count > 0 && counts[label] === 0)
      notices.push(
        `The label “${name}” occurs in validation (${count} ${count === 1 ? 'clip' : 'clips'}) but never in training, so ${count === 1 ? 'it' : 'they'} can only be counted as wrong.`,
      );
  });
  if (validation.length === 0)
    notices.push(
      'There is no validation part, so no best checkpoint is chosen; the last one stands for the run.',
    );
  const broken = brokenExample(examples);
  if (broken !== null)
    throw new TrainingDataError(
      `The embedding of “${ids[broken] ?? broken}” holds a number that is NaN or infinite; extract it again or leave it out.`,
    );
  return notices;
}

/** xxh128 over the features, labels and split: a checkpoint only continues on what it was trained on. */
export async function dataDigest({ examples, train, validation }: TrainingData): Promise<string> {
  const digest = await xxh128Stream();
  const update = (array: Float32Array | Int32Array): void => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    digest.update(new Uint8Array(Uint32Array.of(array.length).buffer));
    for (let at = 0; at < bytes.length; at += 1 << 24) digest.update(bytes.subarray(at, at + (1 << 24)));
  };
  digest.update(new TextEncoder().encode(JSON.stringify([examples.layout, examples.classes])));
  for (const array of [examples.features, examples.frameOffsets, examples.labels, train, validation])
    if (array) update(array);
  return digest.hex();
}

function brokenExample({ features, frameOffsets, labels }: Examples): number | null {
  const at = firstNonFinite(features);
  if (at < 0) return null;
  if (!frameOffsets) return Math.floor(at / (features.length / labels.length));
  const frame = at / (features.length / frameOffsets.at(-1)!);
  return frameOffsets.findLastIndex((offset) => offset <= frame);
}
