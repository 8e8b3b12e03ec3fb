import type * as tf from '@tensorflow/tfjs-core';
import type { ValidLengths } from './valid.ts';

/** What the forward pass is made of. Three tables fulfil this: plain tfjs operations, WGSL, and wasm on tfjs's heap. */
export interface EncoderKernels {
  readonly name: 'plain' | 'webgpu' | 'wasm';
  /** False where one clip at a time is as fast: then a clip's bits cannot depend on its batch. */
  readonly batches: boolean;
  /** How weights are laid out on the device; `values` is a batch of `[inputs, outputs]` matrices. */
  layout(values: Float32Array, batch: number, inputs: number, outputs: number): Float32Array;
  /** The same for a Linear as checkpoints hold it, `[outputs, inputs]`. */
  layoutLinear(values: Float32Array, inputs: number, outputs: number): Float32Array;
  /** One layer of the feature extractor, its norm and GELU included: `[B, n, C]` → `[B, T, C']`. */
  convolve(x: tf.Tensor3D, layer: ConvLayer, valid: ValidLengths): tf.Tensor3D;
  /** `x·W + b`, then GELU if asked for, then `+ residual` if given (never both). */
  dense(x: tf.Tensor3D, linear: Linear, options?: DenseOptions): tf.Tensor3D;
  /** LayerNorm over the last axis, without affine part when `norm` is null; then GELU if asked for. */
  layerNorm(
    x: tf.Tensor3D,
    norm: Norm | null,
    epsilon: number,
    options?: { readonly gelu?: boolean },
  ): tf.Tensor3D;
  /** Grouped convolution in time with bias, stride 1, then GELU if asked for: `[B, T, D]` → `[B, T, D]`. */
  groupedConv(x: tf.Tensor3D, conv: GroupedConv, options?: { readonly gelu?: boolean }): tf.Tensor3D;
  /**
   * `softmax(q·kᵀ + gate·P)·v`, padded keys masked, heads merged: `[B, T, D]`. Where the weights of all queries take more
   * than `maxTensorBytes`, a GPU takes some queries at a time.
   */
  attention(
    inputs: AttentionInputs,
    heads: number,
    valid: ValidLengths,
    maxTensorBytes?: number,
  ): tf.Tensor3D;
  /**
   * Mean and sum of squared deviations over each item's real frames: `[B, T, D]` → `[B, 2, D]`. Null where reading the
   * frames costs nothing and JavaScript sums them in float64.
   */
  readonly moments: ((x: tf.Tensor3D, valid: ValidLengths) => tf.Tensor3D) | null;
  /** For clips that are longer than the device binds at once; null where none is. */
  readonly stretches: StretchKernels | null;
}

/** A first layer with a norm over time, in parts: its statistics are those of more than is in hand. */
export interface StretchKernels {
  /** The layer without norm and GELU: `[B, n, C]` → `[B, T, C']`. */
  convolve(x: tf.Tensor3D, layer: ConvLayer): tf.Tensor3D;
  /** As in {@link EncoderKernels}. */
  moments(x: tf.Tensor3D, valid: ValidLengths): tf.Tensor3D;
  /** The norm by `statistics` `[B, 2, C']` (mean, 1 / deviation), then GELU. */
  normalise(x: tf.Tensor3D, norm: Norm, statistics: tf.Tensor3D): tf.Tensor3D;
}

export interface DenseOptions {
  readonly gelu?: boolean;
  readonly residual?: tf.Tensor3D;
}

/** A Linear: weight in the kernels' own layout, bias `[outputs]`. */
export interface Linear {
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor1D;
  readonly inputs: number;
  readonly outputs: number;
}

/** `[C]` each. */
export interface Norm {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
}

/** One layer of the feature extractor. */
export interface ConvLayer {
  /** `[kernel·inputs, outputs]`, taps outermost. */
  readonly filter: tf.Tensor;
  readonly bias: tf.Tensor1D | null;
  /** `group`: one group per channel, over time. `layer`: over channels. */
  readonly norm: (Norm & { readonly kind: 'group' | 'layer' }) | null;
  readonly kernel: number;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** torch's default for the norms inside the feature extractor, whatever the config's `layer_norm_eps` says. */
export const convNormEpsilon = 1e-5;

export interface GroupedConv {
  /** For each group `[kernel·D/groups, D/groups]`, taps outermost. */
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor1D;
  readonly groups: number;
  readonly kernel: number;
  /** Channels of one group, in and out. */
  readonly channels: number;
  /** Zeros before the first frame; `kernel − 1 − left` come after the last. */
  readonly left: number;
}

/** WavLM's gate on the relative position bias, one per layer. */
export interface Gate {
  /**
   * `[headSize, 2]` and `[2]`: the checkpoint's Linear(headSize → 8) with its two halves of four outputs summed, which
   * is what the model does with them.
   */
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
  /** `[H]` */
  readonly constant: tf.Tensor1D;
}

export interface AttentionInputs {
  /** `[B, T, 3·D]`: queries (already scaled by headSize^-0.5), keys, values. */
  readonly qkv: tf.Tensor3D;
  /** Relative positions, or null for the models without. */
  readonly position: {
    /** What attention was given, `[B, T, D]`: the gate is computed from it. */
    readonly x: tf.Tensor3D;
    readonly gate: Gate;
    /** `[H, 2·T − 1]`: entry `key − query + T − 1`. */
    readonly table: tf.Tensor2D;
  } | null;
}

/** Positions after a convolution without padding. */
export function afterConv(
  valid: ValidLengths,
  layer: { readonly kernel: number; readonly stride: number },
): ValidLengths {
  const frames = (length: number): number =>
    length < layer.kernel ? 0 : Math.floor((length - layer.kernel) / layer.stride) + 1;
  return { values: valid.values.map(frames), padded: frames(valid.padded) };
}
