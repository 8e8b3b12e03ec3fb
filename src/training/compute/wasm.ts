import { sizeOf } from './compute.ts';
import type {
  AdamWScalars,
  Captured,
  Compute,
  CrossEntropyResult,
  DeviceArray,
  SgdScalars,
} from './compute.ts';
import { countCorrect, crossEntropyRows } from './cross-entropy-rows.ts';
import { Heap } from './heap.ts';
import { loadKernels, type Kernels } from './kernels.ts';
import { openCrew, type Crew } from './crew.ts';
import * as loops from './loops.ts';

/** A block of the heap, seen as float32. */
class WasmArray implements DeviceArray {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly values: Float32Array;

  constructor(offset: number, values: Float32Array, shape: readonly number[]) {
    this.offset = offset;
    this.values = values;
    this.shape = shape;
  }
}

class CapturedValues implements Captured {
  readonly values: Float32Array;
  readonly length: number;
  constructor(values: Float32Array) {
    this.values = values;
    this.length = values.length;
  }
}

/**
 * Compute on the CPU: matrix products and AdamW in SIMD WebAssembly (shared out over a crew of threads where there is
 * one), the rest in plain loops over the same memory. TensorFlow.js's own wasm backend took ten times as long for a
 * training step, so it has no part in this.
 */
export class WasmCompute implements Compute {
  readonly backend = 'wasm';
  /** Rows are copied in from the JavaScript side for less than a gather would cost. */
  readonly residentLimitBytes = 0;
  readonly #heap: Heap;
  readonly #kernels: Kernels;
  readonly #crew: Crew | null;
  #scopes: WasmArray[][] = [];

  constructor(heap: Heap, kernels: Kernels, crew: Crew | null) {
    this.#heap = heap;
    this.#kernels = kernels;
    this.#crew = crew;
  }

  /** Threads that share out large products, the calling one among them. */
  get threads(): number {
    return this.#crew?.threads ?? 1;
  }

  persistent(values: Float32Array, shape: readonly number[]): DeviceArray {
    const array = this.#make(shape);
    array.values.set(values);
    return array;
  }

  free(array: DeviceArray): void {
    const { offset, values } = own(array);
    this.#heap.release(offset, values.length * 4);
  }

  async read(array: DeviceArray): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(own(array).values);
  }

  write(array: DeviceArray, values: Float32Array): void {
    own(array).values.set(values);
  }

  scope<R>(work: () => R): R {
    const made: WasmArray[] = [];
    this.#scopes.push(made);
    try {
      return work();
    } finally {
      this.#scopes.pop();
      for (const array of made) this.free(array);
    }
  }

  upload(values: Float32Array, shape: readonly number[]): DeviceArray {
    const array = this.#temporary(shape);
    array.values.set(values);
    return array;
  }

  capture(array: DeviceArray): Captured {
    return new CapturedValues(new Float32Array(own(array).values));
  }

  async readCaptured(captured: readonly Captured[]): Promise<Float32Array<ArrayBuffer>> {
    const all = new Float32Array(captured.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of captured) {
      if (one instanceof CapturedValues) all.set(one.values, at);
      at += one.length;
    }
    return all;
  }

  gather(array: DeviceArray, rows: Int32Array): DeviceArray {
    const source = own(array).values;
    const width = sizeOf(array.shape.slice(1));
    const out = this.#temporary([rows.length, ...array.shape.slice(1)]);
    rows.forEach((row, i) => out.values.set(source.subarray(row * width, (row + 1) * width), i * width));
    return out;
  }

  reshape(array: DeviceArray, shape: readonly number[]): DeviceArray {
    const { offset, values } = own(array);
    return new WasmArray(offset, values, shape);
  }

  matmul(a: DeviceArray, b: DeviceArray, transposeA = false, transposeB = false): DeviceArray {
    const [aRows = 0, aColumns = 0] = a.shape;
    const [bRows = 0, bColumns = 0] = b.shape;
    const [rows, depth] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const columns = transposeB ? bRows : bColumns;
    const out = this.#temporary([rows, columns]);
    const product = {
      rows,
      columns,
      depth,
      a: own(a).offset,
      aRow: transposeA ? 1 : aColumns,
      aColumn: transposeA ? aColumns : 1,
      b: own(b).offset,
      bRow: transposeB ? 1 : bColumns,
      bColumn: transposeB ? bColumns : 1,
      c: out.offset,
    };
    const scratchBytes = this.#kernels.gemmScratchBytes(rows);
    const crew = rows * columns * depth >= sharedProductSize && columns >= 32 ? this.#crew : null;
    const allScratchBytes = scratchBytes * (crew?.threads ?? 1);
    const scratch = this.#heap.allocate(allScratchBytes);
    if (crew) {
      crew.multiply(product, scratch, scratchBytes);
    } else {
      const { a, aRow, aColumn, b, bRow, bColumn, c } = product;
      this.#kernels.gemm(rows, 0, columns, depth, a, aRow, aColumn, b, bRow, bColumn, c, columns, scratch);
    }
    this.#heap.release(scratch, allScratchBytes);
    return out;
  }

  addRow(x: DeviceArray, row: DeviceArray): DeviceArray {
    loops.addRow(own(x).values, own(row).values);
    return x;
  }

  sumRows(x: DeviceArray): DeviceArray {
    return this.#fill(x.shape.slice(1), (out) => loops.sumRows(own(x).values, out));
  }

  repeatRow(row: DeviceArray, times: number): DeviceArray {
    const { values } = own(row);
    return this.#fill([times, values.length], (out) => {
      for (let i = 0; i < times; i += 1) out.set(values, i * values.length);
    });
  }

  add(a: DeviceArray, b: DeviceArray): DeviceArray {
    return this.#elementwise(a, b, (x, y) => x + y);
  }

  multiply(a: DeviceArray, b: DeviceArray): DeviceArray {
    return this.#fill(a.shape, (out) => loops.multiply(own(a).values, own(b).values, out));
  }

  scale(a: DeviceArray, factor: number): DeviceArray {
    return this.#fill(a.shape, (out) => loops.scale(own(a).values, factor, out));
  }

  relu(x: DeviceArray): DeviceArray {
    return this.#fill(x.shape, (out) => loops.relu(own(x).values, out));
  }

  reluGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray {
    const [g, y] = [own(gradient).values, own(output).values];
    return this.#fill(output.shape, (out) => loops.reluGradient(g, y, out));
  }

  tanh(x: DeviceArray): DeviceArray {
    return this.#fill(x.shape, (out) => loops.tanh(own(x).values, out));
  }

  tanhGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray {
    return this.#elementwise(gradient, output, (g, y) => g * (1 - y * y));
  }

  softmaxRows(x: DeviceArray): DeviceArray {
    return this.#fill(x.shape, (out) => loops.softmaxRows(own(x).values, x.shape.at(-1) ?? 1, out));
  }

  softmaxRowsGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray {
    const [g, y] = [own(gradient).values, own(output).values];
    return this.#fill(output.shape, (out) => loops.softmaxRowsGradient(g, y, output.shape.at(-1) ?? 1, out));
  }

  weightedSum(x: DeviceArray, weights: DeviceArray): DeviceArray {
    const [batch = 0, items = 0, width = 0] = x.shape;
    const [values, w] = [own(x).values, own(weights).values];
    return this.#fill([batch, width], (out) => loops.weightedSum(values, w, [batch, items, width], out));
  }

  weightedSumGradient(gradient: DeviceArray, x: DeviceArray): DeviceArray {
    const [batch = 0, items = 0, width = 0] = x.shape;
    const [g, values] = [own(gradient).values, own(x).values];
    return this.#fill([batch, items], (out) =>
      loops.weightedSumGradient(g, values, [batch, items, width], out),
    );
  }

  normaliseRows(x: DeviceArray): DeviceArray {
    return this.#fill(x.shape, (out) => loops.normaliseRows(own(x).values, x.shape.at(-1) ?? 1, out));
  }

  normaliseRowsGradient(gradient: DeviceArray, x: DeviceArray, output: DeviceArray): DeviceArray {
    const [g, values, y] = [own(gradient).values, own(x).values, own(output).values];
    return this.#fill(x.shape, (out) => loops.normaliseRowsGradient(g, values, y, x.shape.at(-1) ?? 1, out));
  }

  crossEntropy(logits: DeviceArray, targets: DeviceArray, labels?: Int32Array): CrossEntropyResult {
    const gradient = this.#temporary(logits.shape);
    const summary = this.#temporary([2]);
    const width = logits.shape[1] ?? 1;
    summary.values[0] = crossEntropyRows(own(logits).values, own(targets).values, width, gradient.values);
    summary.values[1] = labels ? countCorrect(own(logits).values, labels, width) : 0;
    return { summary, gradient };
  }

  clipByNorm(gradients: readonly DeviceArray[], maxNorm: number): readonly DeviceArray[] {
    let sum = 0;
    for (const gradient of gradients) {
      const { offset, values } = own(gradient);
      sum += this.#kernels.sumOfSquares(offset, values.length);
    }
    const factor = maxNorm / (Math.sqrt(sum) + 1e-6);
    return factor < 1 ? gradients.map((gradient) => this.scale(gradient, factor)) : gradients;
  }

  adamw(
    parameter: DeviceArray,
    gradient: DeviceArray,
    mean: DeviceArray,
    square: DeviceArray,
    { learningRate, beta1, beta2, epsilon, weightDecay, step }: AdamWScalars,
  ): void {
    const count = own(parameter).values.length;
    const scalars = [
      1 - learningRate * weightDecay,
      1 - beta1,
      beta2,
      1 - beta2,
      Math.sqrt(1 - beta2 ** step),
      epsilon,
      learningRate / (1 - beta1 ** step),
    ] as const;
    const pointers = [
      own(parameter).offset,
      own(gradient).offset,
      own(mean).offset,
      own(square).offset,
    ] as const;
    if (this.#crew && count >= sharedUpdateSize) this.#crew.adamw(pointers, count, scalars);
    else this.#kernels.adamw(...pointers, 0, count, ...scalars);
  }

  sgd(
    parameter: DeviceArray,
    gradient: DeviceArray,
    momentum: DeviceArray | null,
    scalars: SgdScalars,
  ): void {
    const buffer = momentum ? own(momentum).values : null;
    loops.sgd(own(parameter).values, own(gradient).values, buffer, scalars);
  }

  memory(): { readonly arrays: number; readonly sizeBytes: number } {
    return this.#heap.used;
  }

  dispose(): void {
    this.#crew?.dismiss();
  }

  #make(shape: readonly number[]): WasmArray {
    const size = sizeOf(shape);
    const offset = this.#heap.allocate(size * 4);
    return new WasmArray(offset, this.#heap.view(offset, size), shape);
  }

  #temporary(shape: readonly number[]): WasmArray {
    const made = this.#scopes.at(-1);
    if (!made) throw new Error('Operations run inside compute.scope().');
    const array = this.#make(shape);
    made.push(array);
    return array;
  }

  #fill(shape: readonly number[], work: (out: Float32Array) => void): DeviceArray {
    const out = this.#temporary(shape);
    work(out.values);
    return out;
  }

  #elementwise(a: DeviceArray, b: DeviceArray, f: (x: number, y: number) => number): DeviceArray {
    const [x, y] = [own(a).values, own(b).values];
    return this.#fill(a.shape, (out) => {
      for (let i = 0; i < out.length; i += 1) out[i] = f(x[i]!, y[i]!);
    });
  }
}

/** Multiply-adds from which a product is worth waking other threads for. */
const sharedProductSize = 4e6;
const sharedUpdateSize = 1e5;

function own(array: DeviceArray): WasmArray {
  if (array instanceof WasmArray) return array;
  throw new TypeError('This array belongs to another device.');
}

/** Opens compute on the CPU with a heap of its own; `threads: false` keeps to the calling thread. */
export async function openWasmCompute({ threads = true } = {}): Promise<WasmCompute> {
  const heap = new Heap();
  const kernels = await loadKernels(heap.memory);
  return new WasmCompute(heap, kernels, threads ? await openCrew(heap, kernels) : null);
}
