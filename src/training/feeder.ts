import type { Compute, DeviceArray } from './compute/compute.ts';
import { collectBatch, type Examples } from './examples.ts';
import type { HeadInput } from './heads/head.ts';

/** Brings examples to the device: all at once where they fit (then rows are gathered there), else batch by batch. */
export class Feeder {
  readonly #compute: Compute;
  readonly #examples: Examples;
  readonly #resident: DeviceArray | null;

  constructor(compute: Compute, examples: Examples) {
    this.#compute = compute;
    this.#examples = examples;
    const { layout, features } = examples;
    const fits = features.byteLength <= compute.residentLimitBytes && layout.kind !== 'frames';
    const row = layout.kind === 'layers' ? [layout.layers, layout.size] : [layout.size];
    this.#resident = fits ? compute.persistent(features, [examples.labels.length, ...row]) : null;
  }

  /** The features of these examples; call inside a scope. */
  input(indices: Int32Array): HeadInput {
    if (this.#resident) return { features: this.#compute.gather(this.#resident, indices), frameCounts: null };
    const batch = collectBatch(this.#examples, indices);
    return { features: this.#compute.upload(batch.features, batch.shape), frameCounts: batch.frameCounts };
  }

  labels(indices: Int32Array): Int32Array {
    return indices.map((index) => this.#examples.labels[index]!);
  }

  dispose(): void {
    if (this.#resident) this.#compute.free(this.#resident);
  }
}
