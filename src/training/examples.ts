import { sizeOf } from './compute/compute.ts';
import type { FeatureLayout } from './heads/head.ts';

/** What training takes: embeddings as one array, and what is known of each example. */
export interface Examples {
  readonly layout: FeatureLayout;
  /** `[N, D]`, `[N, L, D]`, or all frames one after the other `[ΣT, D]`. */
  readonly features: Float32Array;
  /** First frame of each example and, last, the total: N + 1 entries; null unless frames were kept. */
  readonly frameOffsets: Int32Array | null;
  /** Index into `classes`, −1 where the label is unknown. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** Paths (with `#aug1`…), for messages and pictures. */
  readonly ids: readonly string[];
}

/** Numbers per example, or per frame where frames were kept. */
export function rowSize(layout: FeatureLayout): number {
  return layout.kind === 'layers' ? layout.layers * layout.size : layout.size;
}

/** One batch in memory, padded with zeros to the longest clip (rounded up, so that few shapes occur). */
export interface Batch {
  readonly features: Float32Array;
  readonly shape: readonly number[];
  readonly frameCounts: Int32Array | null;
  readonly labels: Int32Array;
}

/** Frames of a padded batch are a multiple of this: a new shape costs buffers and shader compilation. */
const frameBucket = 32;

/** Collects the examples at `indices` into one batch. */
export function collectBatch(examples: Examples, indices: Int32Array): Batch {
  const { layout, features, frameOffsets } = examples;
  const labels = indices.map((index) => examples.labels[index]!);
  const size = rowSize(layout);
  if (layout.kind !== 'frames' || !frameOffsets) {
    const batch = new Float32Array(indices.length * size);
    indices.forEach((index, row) =>
      batch.set(features.subarray(index * size, (index + 1) * size), row * size),
    );
    const shape =
      layout.kind === 'layers' ? [indices.length, layout.layers, layout.size] : [indices.length, size];
    return { features: batch, shape, frameCounts: null, labels };
  }
  const frameCounts = indices.map((index) => frameOffsets[index + 1]! - frameOffsets[index]!);
  const longest = frameCounts.reduce((most, count) => Math.max(most, count), 1);
  const frames = Math.ceil(longest / frameBucket) * frameBucket;
  const shape = [indices.length, frames, size];
  const batch = new Float32Array(sizeOf(shape));
  indices.forEach((index, row) =>
    batch.set(
      features.subarray(frameOffsets[index]! * size, frameOffsets[index + 1]! * size),
      row * frames * size,
    ),
  );
  return { features: batch, shape, frameCounts, labels };
}

/** How many examples each class has among `indices`. */
export function countClasses(examples: Examples, indices: Int32Array): number[] {
  const counts = examples.classes.map(() => 0);
  for (const index of indices) {
    const label = examples.labels[index]!;
    if (label >= 0) counts[label]! += 1;
  }
  return counts;
}
