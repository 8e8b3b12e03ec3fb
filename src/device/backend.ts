import * as tf from '@tensorflow/tfjs-core';
import { describeAdapter, requestAdapter } from './adapter.ts';
import { trimBufferPool, freeBytes } from './buffer-pool.ts';
import { DeviceLostError, DeviceUnavailableError, namedDeviceError } from './errors.ts';
import type { BackendChoice, DeviceStatus } from './status.ts';
import { openWasm } from './wasm.ts';
import { openWebgpu, uncapturedError, type OpenedGpu } from './webgpu.ts';

/** What the owner of a device wants to hear at once. */
export interface DeviceHandlers {
  /** The device is gone; open it again and make the encoder anew from its checkpoint. */
  readonly onLost?: (error: DeviceLostError) => void;
  /** The GPU reported an error outside of any call; the next `checkFaults()` throws it too. */
  readonly onFatal?: (error: Error) => void;
}

/**
 * tfjs's current backend, with what tfjs leaves out: errors that the GPU reports outside of calls, loss, and a bound
 * on pooled memory. One device is open at a time; opening another makes this one's tensors unusable.
 */
export interface Device {
  /** Changes when the self-test has run. */
  readonly status: DeviceStatus;
  /** Counts devices opened in this worker: tensors of another generation are void. */
  readonly generation: number;
  /** Resolves when the device is lost (not when it is disposed of); never on wasm. */
  readonly lost: Promise<DeviceLostError>;
  /**
   * To be called after results were read and before they are kept.
   * @throws DeviceLostError, OutOfMemoryError or GpuValidationError when the GPU reported an error since the last call
   */
  checkFaults(): Promise<void>;
  /** Gives an error thrown by a kernel its name (`OutOfMemoryError`, `DeviceLostError`); others unchanged. */
  nameError(error: unknown): unknown;
  /** Frees pooled GPU memory above the limit; nothing on wasm. To be called between batches. */
  trim(limitBytes?: number): void;
  /** Bytes of GPU memory waiting in tfjs's pool for reuse; 0 on wasm. */
  pooledBytes(): number;
  /** Records how the self-test went, for `status`. */
  noteSelfTest(outcome: DeviceStatus['selfTest']): void;
  /** Frees the device. The encoder's tensors go with it. */
  dispose(): void;
}

/** Enough for the buffers of one large batch to be used again. */
const defaultPoolLimitBytes = 512 * 1024 * 1024;

let generations = 0;

/**
 * Opens the device: `auto` takes WebGPU where the adapter is real hardware, else wasm; a software adapter is slower
 * than wasm and is used only when `webgpu` is asked for.
 * @throws DeviceUnavailableError when what was asked for is not there
 */
export async function openDevice(choice: BackendChoice, handlers: DeviceHandlers = {}): Promise<Device> {
  const adapter = choice === 'wasm' ? null : await requestAdapter();
  if (choice === 'webgpu' && !adapter)
    throw new DeviceUnavailableError(
      'WebGPU was asked for, but this browser offers no adapter. Choose "auto" or "wasm", or turn WebGPU on in the browser.',
    );
  const description = adapter ? describeAdapter(adapter) : null;
  generations += 1;
  if (adapter && description && (choice === 'webgpu' || !description.isSoftware)) {
    const gpu = await openWebgpu(adapter);
    const explanation = description.isSoftware
      ? `WebGPU on the software adapter ${description.name}, because it was asked for; wasm would be faster.`
      : `WebGPU on ${description.name}.`;
    return new GpuDevice(gpu, generations, handlers, {
      backend: 'webgpu',
      adapter: description.name,
      isSoftware: description.isSoftware,
      threads: 1,
      explanation,
      selfTest: 'not run',
    });
  }
  const threads = await openWasm();
  const many = threads === 1 ? 'one thread' : `${threads} threads`;
  const because =
    choice === 'wasm'
      ? 'because it was asked for'
      : description
        ? `because the only WebGPU adapter is ${description.name}`
        : 'because this browser offers no WebGPU adapter';
  return new WasmDevice(generations, {
    backend: 'wasm',
    adapter: description?.name ?? null,
    isSoftware: description?.isSoftware ?? false,
    threads,
    explanation: `WebAssembly with ${many}, ${because}.`,
    selfTest: 'not run',
  });
}

class GpuDevice implements Device {
  status: DeviceStatus;
  readonly generation: number;
  readonly lost: Promise<DeviceLostError>;
  readonly #gpu: OpenedGpu;
  #fault: Error | null = null;
  #isLost = false;
  #isDisposed = false;

  constructor(gpu: OpenedGpu, generation: number, handlers: DeviceHandlers, status: DeviceStatus) {
    this.#gpu = gpu;
    this.generation = generation;
    this.status = status;
    gpu.device.addEventListener('uncapturederror', (event) => {
      // The first one is the cause; what follows is its debris.
      this.#fault ??= uncapturedError(event.error);
      handlers.onFatal?.(this.#fault);
    });
    this.lost = this.#watchLoss(handlers);
  }

  async #watchLoss(handlers: DeviceHandlers): Promise<DeviceLostError> {
    const { message, reason } = await this.#gpu.device.lost;
    this.#isLost = true;
    const error = new DeviceLostError(`The GPU went away (${message || reason}). It is opened again.`);
    // A device that was disposed of is lost on purpose: nobody is to hear of it.
    if (this.#isDisposed) return new Promise(() => {});
    this.#fault = error;
    handlers.onLost?.(error);
    return error;
  }

  async checkFaults(): Promise<void> {
    if (!this.#isLost) await this.#gpu.device.queue.onSubmittedWorkDone();
    // Error events are tasks of their own: those already on their way are heard first.
    await new Promise((resolve) => setTimeout(resolve));
    const fault = this.#fault;
    if (!fault) return;
    if (!this.#isLost) this.#fault = null;
    throw fault;
  }

  nameError(error: unknown): unknown {
    return namedDeviceError(error, this.#isLost);
  }

  trim(limitBytes: number = defaultPoolLimitBytes): void {
    if (!this.#isLost && !this.#isDisposed) trimBufferPool(this.#gpu.backend, limitBytes);
  }

  pooledBytes(): number {
    return this.#isDisposed ? 0 : freeBytes(this.#gpu.backend);
  }

  noteSelfTest(outcome: DeviceStatus['selfTest']): void {
    this.status = { ...this.status, selfTest: outcome };
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (tf.findBackend('webgpu') === this.#gpu.backend) tf.removeBackend('webgpu');
    this.#gpu.device.destroy();
  }
}

class WasmDevice implements Device {
  status: DeviceStatus;
  readonly generation: number;
  readonly lost: Promise<DeviceLostError> = new Promise(() => {});

  constructor(generation: number, status: DeviceStatus) {
    this.generation = generation;
    this.status = status;
  }

  async checkFaults(): Promise<void> {}

  nameError(error: unknown): unknown {
    return namedDeviceError(error, false);
  }

  trim(): void {}

  pooledBytes(): number {
    return 0;
  }

  noteSelfTest(outcome: DeviceStatus['selfTest']): void {
    this.status = { ...this.status, selfTest: outcome };
  }

  /** tfjs's wasm module and its threads are kept: starting them again costs more than they do. */
  dispose(): void {}
}
