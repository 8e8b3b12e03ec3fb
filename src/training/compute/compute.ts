/**
 * What a head, a loss and an optimizer need from a device: float32 arrays and a short list of operations on them.
 * `wasm.ts` runs them on the CPU (own SIMD kernels), `tfjs.ts` on any TensorFlow.js backend, webgpu above all. Every
 * operation gives the same bits each time on one device: no atomics, one fixed order of summation.
 */

/** A float32 array that lives on the device; only the compute that made it can use it. */
export interface DeviceArray {
  readonly shape: readonly number[];
}

/** A small result taken out of a scope, to be read later (many at once) without stopping the device. */
export interface Captured {
  readonly length: number;
}

export interface AdamWScalars {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Which update this is, from 1: bias correction is computed from it afresh, so a resumed run has the same. */
  readonly step: number;
}

export interface SgdScalars {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

export interface CrossEntropyResult {
  /** `[2]`: the loss, and how many rows have their largest logit at their label (0 without labels). */
  readonly summary: DeviceArray;
  /** ∂loss/∂logits, `[B, C]`. */
  readonly gradient: DeviceArray;
}

export interface Compute {
  /** E.g. `wasm` or `webgpu`. */
  readonly backend: string;

  /** An array that lives until `free`. */
  persistent(values: Float32Array, shape: readonly number[]): DeviceArray;
  free(array: DeviceArray): void;
  /** Values of a persistent array. */
  read(array: DeviceArray): Promise<Float32Array<ArrayBuffer>>;
  /** Replaces the values of a persistent array. */
  write(array: DeviceArray, values: Float32Array): void;
  /** Frees every array made inside (persistent ones apart) when `work` returns. */
  scope<R>(work: () => R): R;
  /** An array that lives until the scope ends. */
  upload(values: Float32Array, shape: readonly number[]): DeviceArray;
  capture(array: DeviceArray): Captured;
  /** Values of captured results, one after the other; each can be read once. */
  readCaptured(captured: readonly Captured[]): Promise<Float32Array<ArrayBuffer>>;
  /** Rows of a persistent `[N, …]` array, for `rows` given as indices. */
  gather(array: DeviceArray, rows: Int32Array): DeviceArray;
  /** Bytes an array may have so that it can stay resident on the device; 0 where batches are better uploaded. */
  readonly residentLimitBytes: number;

  reshape(array: DeviceArray, shape: readonly number[]): DeviceArray;
  /** `[M, K]·[K, N] → [M, N]`, either operand transposed first if asked. */
  matmul(a: DeviceArray, b: DeviceArray, transposeA?: boolean, transposeB?: boolean): DeviceArray;
  /** `[B, N] + [N]`. May reuse the memory of `x`. */
  addRow(x: DeviceArray, row: DeviceArray): DeviceArray;
  /** `[B, N] → [N]`. */
  sumRows(x: DeviceArray): DeviceArray;
  /** `[1, N]` or `[N]` → `[B, N]`. */
  repeatRow(row: DeviceArray, times: number): DeviceArray;
  add(a: DeviceArray, b: DeviceArray): DeviceArray;
  multiply(a: DeviceArray, b: DeviceArray): DeviceArray;
  scale(a: DeviceArray, factor: number): DeviceArray;
  relu(x: DeviceArray): DeviceArray;
  /** `gradient` where `output` > 0, else 0. */
  reluGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray;
  tanh(x: DeviceArray): DeviceArray;
  /** `gradient · (1 − output²)`. */
  tanhGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray;
  /** Over the last axis of `[B, N]`. */
  softmaxRows(x: DeviceArray): DeviceArray;
  softmaxRowsGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray;
  /** `out[b, d] = Σ_n weights[b, n] · x[b, n, d]`: `[B, N, D], [B, N] → [B, D]`. */
  weightedSum(x: DeviceArray, weights: DeviceArray): DeviceArray;
  /** ∂/∂weights of `weightedSum`: `[B, D], [B, N, D] → [B, N]`. */
  weightedSumGradient(gradient: DeviceArray, x: DeviceArray): DeviceArray;
  /** Rows divided by their Euclidean length (at least 1e-12). */
  normaliseRows(x: DeviceArray): DeviceArray;
  /** ∂/∂x of `normaliseRows`, from its input and output. */
  normaliseRowsGradient(gradient: DeviceArray, x: DeviceArray, output: DeviceArray): DeviceArray;
  /** −Σ targets · log softmax(logits) over `[B, C]`; the targets carry weights, smoothing and the mean's divisor. */
  crossEntropy(logits: DeviceArray, targets: DeviceArray, labels?: Int32Array): CrossEntropyResult;

  /** Scales all gradients by min(1, maxNorm / (norm + 1e-6)), norm over all of them together, as PyTorch does. */
  clipByNorm(gradients: readonly DeviceArray[], maxNorm: number): readonly DeviceArray[];
  /** One AdamW update of persistent `parameter`, `mean` and `square`, in place. */
  adamw(
    parameter: DeviceArray,
    gradient: DeviceArray,
    mean: DeviceArray,
    square: DeviceArray,
    scalars: AdamWScalars,
  ): void;
  /** One SGD update of persistent `parameter` and `momentum` (null without momentum), in place. */
  sgd(parameter: DeviceArray, gradient: DeviceArray, momentum: DeviceArray | null, scalars: SgdScalars): void;

  /** Arrays and bytes held, for tests of flat memory. */
  memory(): { readonly arrays: number; readonly sizeBytes: number };
  dispose(): void;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
