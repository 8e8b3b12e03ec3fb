import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { describeAdapter, requestDevice, type AdapterDescription } from './adapter.ts';
import { DeviceUnavailableError, GpuValidationError, OutOfMemoryError } from './errors.ts';

/** A GPUDevice of our own in tfjs's hands. */
export interface OpenedGpu {
  readonly backend: WebGPUBackend;
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
}

/** Makes an own GPUDevice tfjs's `webgpu` backend, in place of the one that tfjs would ask for. */
export async function openWebgpu(adapter: GPUAdapter): Promise<OpenedGpu> {
  const device = await requestDevice(adapter);
  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  const backend = new WebGPUBackend(device, adapter.info);
  tf.registerBackend('webgpu', () => backend);
  // A failing backend leaves getBackend() saying "webgpu": only the returned boolean tells.
  if (!(await tf.setBackend('webgpu')))
    throw new DeviceUnavailableError('The GPU was found, but TensorFlow.js could not start on it.');
  return { backend, device, adapter: describeAdapter(adapter) };
}

/** The named error for what the GPU reported outside of any call. */
export function uncapturedError(error: GPUError): Error {
  return error instanceof GPUOutOfMemoryError
    ? new OutOfMemoryError(`The GPU has too little memory for this batch (${error.message}).`)
    : new GpuValidationError(
        `The GPU refused a command (${error.message}). What was computed since is void and is done again.`,
      );
}
