import type { Compute } from '../../training/compute/compute.ts';
import { TfjsCompute } from '../../training/compute/tfjs.ts';
import { openWasmCompute } from '../../training/compute/wasm.ts';
import type { DeviceManager } from '../device-manager.ts';

export type TrainingBackend = 'wasm' | 'webgpu';

/** A device that trains, and a look at what it reported behind our back. */
export interface TrainingDevice {
  readonly compute: Compute;
  /** In words, for the checkpoints. */
  readonly name: string;
  /** @throws DeviceLostError, OutOfMemoryError or GpuValidationError: what was computed is not to be kept. */
  checkFaults(): Promise<void>;
  /** Gives an error of the device its name. */
  nameError(error: unknown): unknown;
}

/** What runs need of it; tests give the processor alone. */
export interface TrainingDevices {
  /** The backend for a new run. */
  preferred(): Promise<TrainingBackend>;
  /** The device of that kind; the processor where there is none (any more). */
  open(backend: TrainingBackend): Promise<TrainingDevice & { readonly backend: TrainingBackend }>;
  /** After a fault of the device. */
  rebuild(): Promise<void>;
}

/** The processor's kernels with their threads, opened once; the GPU's through the device that extractions use too. */
export class EngineTrainingDevices implements TrainingDevices {
  readonly #devices: DeviceManager;
  #wasm: Promise<Compute> | null = null;
  #gpu: { readonly compute: Compute; readonly generation: number } | null = null;

  constructor(devices: DeviceManager) {
    this.#devices = devices;
  }

  async preferred(): Promise<TrainingBackend> {
    return (await this.#devices.status()).backend;
  }

  async open(backend: TrainingBackend) {
    if (backend === 'webgpu') {
      const device = await this.#devices.device();
      if (device.status.backend === 'webgpu') {
        const { generation } = this.#devices;
        if (this.#gpu?.generation !== generation) this.#gpu = { compute: new TfjsCompute(), generation };
        const { compute } = this.#gpu;
        return {
          compute,
          backend,
          name: `webgpu (${device.status.adapter ?? 'GPU'})`,
          checkFaults: () => device.checkFaults(),
          nameError: (error: unknown) => device.nameError(error),
        };
      }
    }
    this.#wasm ??= openWasmCompute();
    return {
      compute: await this.#wasm,
      backend: 'wasm' as const,
      name: 'wasm',
      checkFaults: () => Promise.resolve(),
      nameError: (error: unknown) => error,
    };
  }

  async rebuild(): Promise<void> {
    await this.#devices.rebuild();
  }
}
