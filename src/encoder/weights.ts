import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { PlaygroundError } from '../lib/errors.ts';
import type { EncoderKernels } from './kernels/contract.ts';
import { MissingTensorError, TensorShapeError } from './checkpoint/errors.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';

/** A tensor holds NaN or infinity. */
export class NonFiniteWeightError extends PlaygroundError {
  override readonly name: string = 'NonFiniteWeightError';
}

/** `(tensors read, tensors in all)` */
export type LoadProgress = (done: number, total: number) => void;

/**
 * Takes tensors from a checkpoint one at a time, checks each, and puts it on the device at once, so that the weights
 * are never held twice.
 */
export class WeightLoader {
  readonly #checkpoint: Checkpoint;
  readonly #kernels: EncoderKernels;
  readonly #onProgress: LoadProgress | undefined;
  readonly #uploaded: tf.Tensor[] = [];
  #parameters = 0;
  #read = 0;

  constructor(checkpoint: Checkpoint, kernels: EncoderKernels, onProgress?: LoadProgress) {
    this.#kernels = kernels;
    this.#checkpoint = checkpoint;
    this.#onProgress = onProgress;
  }

  /** Values read so far. */
  get parameters(): number {
    return this.#parameters;
  }

  /** Everything put on the device so far; whoever gets an error half-way disposes of these. */
  get uploaded(): readonly tf.Tensor[] {
    return this.#uploaded;
  }

  has(name: string): boolean {
    return this.#checkpoint.tensors.has(name);
  }

  /**
   * Reads one tensor into memory, row-major.
   * @throws MissingTensorError, TensorShapeError, NonFiniteWeightError
   */
  async read(name: string, shape: readonly number[]): Promise<Float32Array> {
    const entry = this.#checkpoint.tensors.get(name);
    if (!entry)
      throw new MissingTensorError(
        `The checkpoint lacks the tensor "${name}", which its config.json calls for. The file is incomplete, or config.json belongs to another model.`,
      );
    if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i]))
      throw new TensorShapeError(
        `The tensor "${name}" has shape [${entry.shape.join(', ')}], but config.json calls for [${shape.join(', ')}]. Take the config.json that belongs to the checkpoint.`,
      );
    const values = await entry.read();
    // A sum over everything is NaN or infinite exactly when some value is: float32 cannot overflow a float64 sum.
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[i] ?? 0;
    if (!Number.isFinite(sum))
      throw new NonFiniteWeightError(
        `The tensor "${name}" holds values that are not numbers (NaN or infinity). The checkpoint is damaged.`,
      );
    this.#parameters += values.length;
    this.#read += 1;
    this.#onProgress?.(this.#read, this.#checkpoint.tensors.size);
    return values;
  }

  /** Reads one tensor and puts it on the device . */
  async load<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R]): Promise<tf.Tensor<R>> {
    return this.upload(await this.read(name, shape), shape);
  }

  /** Puts a batch of matrices `[inputs, outputs]` on the device in the layout of the kernels. */
  uploadMatrices(values: Float32Array, batch: number, inputs: number, outputs: number): tf.Tensor {
    const laidOut = this.#kernels.layout(values, batch, inputs, outputs);
    return this.upload<tf.Rank.R3>(laidOut, [batch, inputs, outputs]);
  }

  /** Reads a Linear's weight `[outputs, inputs]` and puts it on the device in the layout of the kernels. */
  async loadLinearWeight(name: string, inputs: number, outputs: number): Promise<tf.Tensor> {
    return this.uploadLinearWeight(await this.read(name, [outputs, inputs]), inputs, outputs);
  }

  /** @param values `[outputs, inputs]` */
  uploadLinearWeight(values: Float32Array, inputs: number, outputs: number): tf.Tensor {
    return this.upload<tf.Rank.R2>(this.#kernels.layoutLinear(values, inputs, outputs), [inputs, outputs]);
  }

  /** Puts values on the device now; the copy in JavaScript's memory can go. */
  upload<R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]): tf.Tensor<R> {
    const tensor = tf.tensor<R>(values, shape, 'float32');
    const backend = tf.backend();
    // tfjs would otherwise keep the values in JavaScript's memory until the tensor's first use.
    if (backend instanceof WebGPUBackend) backend.uploadToGPU(tensor.dataId);
    this.#uploaded.push(tensor);
    return tensor;
  }
}
