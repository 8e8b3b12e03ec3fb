/** Waveforms that go through the encoder together. */
export interface Batch {
  /** Positions in the list that was given. */
  readonly indices: readonly number[];
  /** Samples to which each is padded. */
  readonly paddedSamples: number;
}

export interface BatchLimits {
  /** No more than this share of a batch may be padding. */
  readonly maxPadding: number;
  /** Bytes that the largest tensor of one waveform takes. */
  largestTensorBytes(samples: number): number;
  /** Bytes that one tensor of a batch may take. */
  readonly maxTensorBytes: number;
  /** Lengths are rounded up to a multiple of this, so that buffers of few sizes are used again and again. */
  readonly granularity: number;
}

/**
 * Groups waveforms of like lengths, longest first. A waveform that alone takes more than the limit is a batch of its
 * own: whether the device can hold it is not decided here.
 */
export function planBatches(samples: readonly number[], limits: BatchLimits): Batch[] {
  const order = samples.map((_, i) => i).sort((a, b) => (samples[b] ?? 0) - (samples[a] ?? 0) || a - b);
  const batches: Batch[] = [];
  let open: { indices: number[]; paddedSamples: number; real: number } | null = null;
  for (const index of order) {
    const length = samples[index] ?? 0;
    if (open) {
      const count = open.indices.length + 1;
      const padding = 1 - (open.real + length) / (count * open.paddedSamples);
      const bytes = count * limits.largestTensorBytes(open.paddedSamples);
      if (padding <= limits.maxPadding && bytes <= limits.maxTensorBytes) {
        open.indices.push(index);
        open.real += length;
        continue;
      }
    }
    const paddedSamples = Math.ceil(length / limits.granularity) * limits.granularity;
    open = { indices: [index], paddedSamples, real: length };
    batches.push(open);
  }
  return batches.map(({ indices, paddedSamples }) => ({ indices, paddedSamples }));
}
