import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { recordAdamW } from './adamw-webgpu.ts';
import type {
  AdamWScalars,
  Captured,
  Compute,
  CrossEntropyResult,
  DeviceArray,
  SgdScalars,
} from './compute.ts';

class TfjsArray implements DeviceArray {
  readonly shape: readonly number[];
  /** Replaced where an update cannot be made in place. */
  tensor: tf.Tensor;

  constructor(tensor: tf.Tensor) {
    this.tensor = tensor;
    this.shape = tensor.shape;
  }
}

class CapturedTensor implements Captured {
  readonly tensor: tf.Tensor;
  readonly length: number;
  constructor(tensor: tf.Tensor) {
    this.tensor = tensor;
    this.length = tensor.size;
  }
}

/** Above this, batches are uploaded instead of a copy of all features kept on the GPU. */
const largestResidentBytes = 1024 ** 3;

/**
 * Compute on TensorFlow.js's current backend. On webgpu AdamW is one fused kernel and examples stay on the GPU; on any
 * other the plain operations do the same.
 */
export class TfjsCompute implements Compute {
  readonly backend: string;
  readonly residentLimitBytes: number;
  readonly #gpu: WebGPUBackend | null;

  /** `fused: false` keeps to plain operations, to compare them with the kernel. */
  constructor({ fused = true } = {}) {
    const backend = tf.backend();
    this.backend = tf.getBackend();
    this.#gpu = fused && backend instanceof WebGPUBackend ? backend : null;
    this.residentLimitBytes = this.#gpu
      ? Math.min(this.#gpu.device.limits.maxStorageBufferBindingSize, largestResidentBytes)
      : 0;
  }

  persistent(values: Float32Array, shape: readonly number[]): DeviceArray {
    return new TfjsArray(this.#persistentTensor(values, shape));
  }

  free(array: DeviceArray): void {
    own(array).dispose();
  }

  async read(array: DeviceArray): Promise<Float32Array<ArrayBuffer>> {
    const tensor = own(array);
    const values = new Float32Array(await tensor.data());
    // Else tfjs keeps the values beside the buffer, and they go stale with the next update in place.
    if (this.#gpu) this.#gpu.tensorMap.get(tensor.dataId).values = null!;
    return values;
  }

  write(array: DeviceArray, values: Float32Array): void {
    const holder = holderOf(array);
    holder.tensor.dispose();
    holder.tensor = this.#persistentTensor(values, array.shape);
  }

  scope<R>(work: () => R): R {
    const engine = tf.engine();
    engine.startScope();
    try {
      return work();
    } finally {
      engine.endScope();
    }
  }

  upload(values: Float32Array, shape: readonly number[]): DeviceArray {
    return new TfjsArray(tf.tensor(values, [...shape], 'float32'));
  }

  capture(array: DeviceArray): Captured {
    return new CapturedTensor(tf.keep(own(array).clone()));
  }

  async readCaptured(captured: readonly Captured[]): Promise<Float32Array<ArrayBuffer>> {
    const tensors = captured.map((one) => {
      if (!(one instanceof CapturedTensor)) throw new TypeError('Captured on another device.');
      return one.tensor;
    });
    const [only] = tensors;
    if (!only) return new Float32Array(0);
    const all =
      tensors.length === 1
        ? only
        : tf.tidy(() => tf.concat1d(tensors.map((one) => tf.reshape(one, [one.size]))));
    try {
      return new Float32Array(await all.data());
    } finally {
      if (all !== only) all.dispose();
      for (const tensor of tensors) tensor.dispose();
    }
  }

  gather(array: DeviceArray, rows: Int32Array): DeviceArray {
    return new TfjsArray(tf.gather(own(array), tf.tensor1d(rows, 'int32')));
  }

  reshape(array: DeviceArray, shape: readonly number[]): DeviceArray {
    return new TfjsArray(tf.reshape(own(array), [...shape]));
  }

  matmul(a: DeviceArray, b: DeviceArray, transposeA = false, transposeB = false): DeviceArray {
    return new TfjsArray(tf.matMul(own(a), own(b), transposeA, transposeB));
  }

  addRow(x: DeviceArray, row: DeviceArray): DeviceArray {
    return new TfjsArray(tf.add(own(x), own(row)));
  }

  sumRows(x: DeviceArray): DeviceArray {
    return new TfjsArray(tf.sum(own(x), 0));
  }

  repeatRow(row: DeviceArray, times: number): DeviceArray {
    return new TfjsArray(tf.tile(tf.reshape(own(row), [1, own(row).size]), [times, 1]));
  }

  add(a: DeviceArray, b: DeviceArray): DeviceArray {
    return new TfjsArray(tf.add(own(a), own(b)));
  }

  multiply(a: DeviceArray, b: DeviceArray): DeviceArray {
    return new TfjsArray(tf.mul(own(a), own(b)));
  }

  scale(a: DeviceArray, factor: number): DeviceArray {
    return new TfjsArray(tf.mul(own(a), factor));
  }

  relu(x: DeviceArray): DeviceArray {
    return new TfjsArray(tf.relu(own(x)));
  }

  reluGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray {
    return new TfjsArray(tf.mul(own(gradient), tf.cast(tf.greater(own(output), 0), 'float32')));
  }

  tanh(x: DeviceArray): DeviceArray {
    return new TfjsArray(tf.tanh(own(x)));
  }

  tanhGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray {
    return new TfjsArray(tf.mul(own(gradient), tf.sub(1, tf.square(own(output)))));
  }

  softmaxRows(x: DeviceArray): DeviceArray {
    return new TfjsArray(tf.softmax(own(x)));
  }

  softmaxRowsGradient(gradient: DeviceArray, output: DeviceArray): DeviceArray {
    const [g, y] = [own(gradient), own(output)];
    return new TfjsArray(tf.mul(y, tf.sub(g, tf.sum(tf.mul(g, y), -1, true))));
  }

  weightedSum(x: DeviceArray, weights: DeviceArray): DeviceArray {
    const [batch = 0, items = 0, width = 0] = x.shape;
    const rows = tf.reshape(own(weights), [batch, 1, items]);
    return new TfjsArray(tf.reshape(tf.matMul(rows, own(x)), [batch, width]));
  }

  weightedSumGradient(gradient: DeviceArray, x: DeviceArray): DeviceArray {
    const [batch = 0, items = 0, width = 0] = x.shape;
    const columns = tf.reshape(own(gradient), [batch, width, 1]);
    return new TfjsArray(tf.reshape(tf.matMul(own(x), columns), [batch, items]));
  }

  normaliseRows(x: DeviceArray): DeviceArray {
    return new TfjsArray(tf.div(own(x), rowLengths(own(x))));
  }

  normaliseRowsGradient(gradient: DeviceArray, x: DeviceArray, output: DeviceArray): DeviceArray {
    const [g, y] = [own(gradient), own(output)];
    const along = tf.mul(y, tf.sum(tf.mul(g, y), -1, true));
    return new TfjsArray(tf.div(tf.sub(g, along), rowLengths(own(x))));
  }

  crossEntropy(logits: DeviceArray, targets: DeviceArray, labels?: Int32Array): CrossEntropyResult {
    const [x, wanted] = [own(logits), own(targets)];
    const logProbabilities = tf.logSoftmax(x);
    const loss = tf.neg(tf.sum(tf.mul(wanted, logProbabilities)));
    const correct = labels
      ? tf.sum(tf.cast(tf.equal(tf.argMax(x, -1), tf.tensor1d(labels, 'int32')), 'float32'))
      : tf.scalar(0);
    const mass = tf.sum(wanted, -1, true);
    return {
      summary: new TfjsArray(tf.stack([loss, correct])),
      gradient: new TfjsArray(tf.sub(tf.mul(mass, tf.exp(logProbabilities)), wanted)),
    };
  }

  clipByNorm(gradients: readonly DeviceArray[], maxNorm: number): readonly DeviceArray[] {
    let sum: tf.Tensor = tf.scalar(0);
    for (const gradient of gradients) sum = tf.add(sum, tf.sum(tf.square(own(gradient))));
    const factor = tf.minimum(1, tf.div(maxNorm, tf.add(tf.sqrt(sum), 1e-6)));
    return gradients.map((gradient) => new TfjsArray(tf.mul(own(gradient), factor)));
  }

  adamw(
    parameter: DeviceArray,
    gradient: DeviceArray,
    mean: DeviceArray,
    square: DeviceArray,
    { learningRate, beta1, beta2, epsilon, weightDecay, step }: AdamWScalars,
  ): void {
    const decay = 1 - learningRate * weightDecay;
    const root = Math.sqrt(1 - beta2 ** step);
    const stepSize = learningRate / (1 - beta1 ** step);
    if (this.#gpu) {
      recordAdamW(
        this.#gpu,
        { parameter: own(parameter), mean: own(mean), square: own(square), gradient: own(gradient) },
        [decay, 1 - beta1, beta2, 1 - beta2, root, epsilon, stepSize],
      );
      return;
    }
    const g = own(gradient);
    const m = tf.add(own(mean), tf.mul(tf.sub(g, own(mean)), 1 - beta1));
    const v = tf.add(tf.mul(own(square), beta2), tf.mul(tf.square(g), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(v), root), epsilon);
    const decayed = tf.mul(own(parameter), decay);
    replace(parameter, tf.sub(decayed, tf.mul(stepSize, tf.div(m, denominator))));
    replace(mean, m);
    replace(square, v);
  }

  sgd(
    parameter: DeviceArray,
    gradient: DeviceArray,
    momentum: DeviceArray | null,
    scalars: SgdScalars,
  ): void {
    const p = own(parameter);
    let update = tf.add(own(gradient), tf.mul(p, scalars.weightDecay));
    if (momentum) {
      const buffer = tf.add(tf.mul(own(momentum), scalars.momentum), update);
      update = scalars.nesterov ? tf.add(update, tf.mul(buffer, scalars.momentum)) : buffer;
      replace(momentum, buffer);
    }
    replace(parameter, tf.sub(p, tf.mul(update, scalars.learningRate)));
  }

  memory(): { readonly arrays: number; readonly sizeBytes: number } {
    const { numTensors, numBytes } = tf.memory();
    return { arrays: numTensors, sizeBytes: numBytes };
  }

  /** The backend belongs to whoever opened it. */
  dispose(): void {}

  #persistentTensor(values: Float32Array, shape: readonly number[]): tf.Tensor {
    const tensor = tf.keep(tf.tensor(values.slice(), [...shape], 'float32'));
    // At once, because until then the values would lie in the JavaScript heap.
    this.#gpu?.uploadToGPU(tensor.dataId);
    return tensor;
  }
}

function rowLengths(x: tf.Tensor): tf.Tensor {
  return tf.maximum(tf.sqrt(tf.sum(tf.square(x), -1, true)), 1e-12);
}

/** Gives a persistent array a new tensor (made in the current scope) and frees the old one. */
function replace(array: DeviceArray, tensor: tf.Tensor): void {
  const holder = holderOf(array);
  holder.tensor.dispose();
  holder.tensor = tf.keep(tensor);
}

function holderOf(array: DeviceArray): TfjsArray {
  if (array instanceof TfjsArray) return array;
  throw new TypeError('This array belongs to another device.');
}

function own(array: DeviceArray): tf.Tensor {
  return holderOf(array).tensor;
}
