import type { Rng } from '../lib/rng.ts';
import type { Compute, DeviceArray } from './compute/compute.ts';
import { sizeOf } from './compute/compute.ts';

/** An array in the forward pass; `gradient` gathers ∂loss/∂array on the way back. */
export interface Value {
  readonly array: DeviceArray;
  /** False for data: nothing is computed for it on the way back. */
  readonly needsGradient: boolean;
  gradient: DeviceArray | null;
}

/**
 * Records a head's forward pass, so that a head is written as its forward pass alone. Each operation pushes the step
 * that carries its gradient back; `backward` runs them in reverse. Without training (`dropout: null`) nothing is kept.
 */
export class Tape {
  readonly compute: Compute;
  readonly #dropout: Rng | null;
  readonly #records: boolean;
  readonly #steps: (() => void)[] = [];

  /** `dropout` draws the masks; null for evaluation, where no gradient is asked for either. */
  constructor(compute: Compute, dropout: Rng | null, records = dropout !== null) {
    this.compute = compute;
    this.#dropout = dropout;
    this.#records = records;
  }

  value(array: DeviceArray, needsGradient: boolean): Value {
    return { array, needsGradient, gradient: null };
  }

  /** `x · weightᵀ + bias`: `[B, I]`, `[O, I]`, `[O]` → `[B, O]`, laid out as PyTorch's `nn.Linear`. */
  dense(x: Value, weight: Value, bias: Value | null): Value {
    const { compute } = this;
    const product = compute.matmul(x.array, weight.array, false, true);
    const out = this.value(bias ? compute.addRow(product, bias.array) : product, true);
    return this.#record(out, (gradient) => {
      this.#pass(weight, compute.matmul(gradient, x.array, true, false));
      if (bias) this.#pass(bias, compute.sumRows(gradient));
      if (x.needsGradient) this.#pass(x, compute.matmul(gradient, weight.array));
    });
  }

  relu(x: Value): Value {
    const out = this.value(this.compute.relu(x.array), x.needsGradient);
    return this.#record(out, (gradient) => this.#pass(x, this.compute.reluGradient(gradient, out.array)));
  }

  tanh(x: Value): Value {
    const out = this.value(this.compute.tanh(x.array), x.needsGradient);
    return this.#record(out, (gradient) => this.#pass(x, this.compute.tanhGradient(gradient, out.array)));
  }

  /** Zeroes entries with probability `rate` and scales the others by 1 / (1 − rate); nothing in evaluation. */
  dropout(x: Value, rate: number): Value {
    const rng = this.#dropout;
    if (rate <= 0 || !rng) return x;
    const mask = new Float32Array(sizeOf(x.array.shape));
    const threshold = Math.floor(rate * 4294967296);
    const kept = 1 / (1 - rate);
    for (let i = 0; i < mask.length; i += 1) mask[i] = rng.nextUint32() < threshold ? 0 : kept;
    const masks = this.compute.upload(mask, x.array.shape);
    const out = this.value(this.compute.multiply(x.array, masks), x.needsGradient);
    return this.#record(out, (gradient) => this.#pass(x, this.compute.multiply(gradient, masks)));
  }

  reshape(x: Value, shape: readonly number[]): Value {
    const out = this.value(this.compute.reshape(x.array, shape), x.needsGradient);
    return this.#record(out, (gradient) => this.#pass(x, this.compute.reshape(gradient, x.array.shape)));
  }

  /** Adds a constant (a mask of −1e9 for padded frames, say). */
  addConstant(x: Value, constant: DeviceArray): Value {
    const out = this.value(this.compute.add(x.array, constant), x.needsGradient);
    return this.#record(out, (gradient) => this.#pass(x, gradient));
  }

  /** Softmax over the last axis of `[B, N]`. */
  softmax(x: Value): Value {
    const out = this.value(this.compute.softmaxRows(x.array), x.needsGradient);
    return this.#record(out, (gradient) =>
      this.#pass(x, this.compute.softmaxRowsGradient(gradient, out.array)),
    );
  }

  /** `[1, N] → [times, N]`. */
  repeatRow(x: Value, times: number): Value {
    const out = this.value(this.compute.repeatRow(x.array, times), x.needsGradient);
    return this.#record(out, (gradient) =>
      this.#pass(x, this.compute.reshape(this.compute.sumRows(gradient), x.array.shape)),
    );
  }

  /** `Σ_n weights[b, n] · x[b, n, :]` for data `[B, N, D]` and weights `[B, N]`; the data gets no gradient. */
  weightedSum(x: DeviceArray, weights: Value): Value {
    const out = this.value(this.compute.weightedSum(x, weights.array), weights.needsGradient);
    return this.#record(out, (gradient) =>
      this.#pass(weights, this.compute.weightedSumGradient(gradient, x)),
    );
  }

  /** Carries gradients that were put on values (the logits above all) back to everything that needs one. */
  backward(): void {
    for (let i = this.#steps.length - 1; i >= 0; i -= 1) this.#steps[i]!();
    this.#steps.length = 0;
  }

  /** Adds to a value's gradient; how a loss starts the way back. */
  seed(value: Value, gradient: DeviceArray): void {
    this.#pass(value, gradient);
  }

  #pass(value: Value, gradient: DeviceArray): void {
    if (!value.needsGradient) return;
    value.gradient = value.gradient ? this.compute.add(value.gradient, gradient) : gradient;
  }

  #record(out: Value, back: (gradient: DeviceArray) => void): Value {
    if (this.#records)
      this.#steps.push(() => {
        if (out.gradient) back(out.gradient);
      });
    return out;
  }
}
