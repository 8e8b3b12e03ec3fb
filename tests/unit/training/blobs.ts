import { Rng } from '../../../src/lib/rng.ts';
import type { Examples } from '../../../src/training/examples.ts';
import type { FeatureLayout } from '../../../src/training/heads/head.ts';
import type { TrainingData } from '../../../src/training/preflight.ts';

/** Gaussian clouds, one per class, in the layout asked for; frames of 3 to 40 per clip. */
export function blobs(count: number, classes: number, layout: FeatureLayout, seed = 1, spread = 1): Examples {
  const rng = Rng.fromSeed(seed, 'blobs');
  const rows = layout.kind === 'layers' ? layout.layers : 1;
  const centres = Array.from({ length: classes * rows * layout.size }, () => rng.nextGaussian());
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const features: number[] = [];
  const offsets = [0];
  for (const label of labels) {
    const frames = layout.kind === 'frames' ? 3 + rng.nextInt(38) : 1;
    for (let frame = 0; frame < frames; frame += 1)
      for (let i = 0; i < rows * layout.size; i += 1)
        features.push(centres[label * rows * layout.size + i]! + spread * rng.nextGaussian());
    offsets.push(offsets.at(-1)! + frames);
  }
  return {
    layout,
    features: Float32Array.from(features),
    frameOffsets: layout.kind === 'frames' ? Int32Array.from(offsets) : null,
    labels,
    classes: Array.from({ length: classes }, (_, c) => `class ${c}`),
    ids: Array.from(labels, (_, i) => `clip ${i}.wav`),
  };
}

/** The last `validation` examples judge, the others are learned from. */
export function withValidation(examples: Examples, validation: number): TrainingData {
  const all = Int32Array.from(examples.labels, (_, i) => i);
  return {
    examples,
    train: all.slice(0, all.length - validation),
    validation: all.slice(all.length - validation),
  };
}
