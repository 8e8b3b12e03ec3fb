import type { DeviceArray } from '../compute/compute.ts';
import type { Tape, Value } from '../tape.ts';

/**
 * A head turns embeddings into logits. Each kind is one file that says which parameters it has and what its forward
 * pass is; gradients come from the tape. `registry.ts` lists the kinds.
 */

/** What one example's features look like. */
export type FeatureLayout =
  /** `[D]`: one pooled vector. */
  | { readonly kind: 'vector'; readonly size: number }
  /** `[L, D]`: one pooled vector per kept layer. */
  | { readonly kind: 'layers'; readonly layers: number; readonly size: number }
  /** `[T, D]`, T of its own for every example. */
  | { readonly kind: 'frames'; readonly size: number };

export interface ParameterSpec {
  /** As in a PyTorch state dict, e.g. `hidden.0.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Initial values: uniform in ±bound (0 gives zeros). */
  readonly initialBound: number;
}

/** One batch on the device: `[B, D]`, `[B, L, D]` or `[B, T, D]` padded, with the true frame counts. */
export interface HeadInput {
  readonly features: DeviceArray;
  readonly frameCounts: Int32Array | null;
}

export interface HeadOutput {
  /** `[B, C]`. */
  readonly logits: Value;
  /** `[B, F]`, what the last layer sees and training can shape; null where that is the raw data. */
  readonly representation: Value | null;
  /** Softmaxed weights to look at: `[1, L]` of layers, or `[B, T]` of frames. */
  readonly weights: DeviceArray | null;
}

export interface HeadKind<Config> {
  readonly kind: string;
  /** In words, for the page. */
  readonly title: string;
  /** Layouts this head can read. */
  readonly reads: readonly FeatureLayout['kind'][];
  parameters(config: Config, layout: FeatureLayout, classes: number): readonly ParameterSpec[];
  forward(tape: Tape, config: Config, parameter: (name: string) => Value, input: HeadInput): HeadOutput;
}

/** `nn.Linear`'s parameters and initialisation: uniform in ±1/√inputs for weight and bias. */
export function denseParameters(name: string, inputs: number, outputs: number): ParameterSpec[] {
  const initialBound = 1 / Math.sqrt(inputs);
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], initialBound },
    { name: `${name}.bias`, shape: [outputs], initialBound },
  ];
}
