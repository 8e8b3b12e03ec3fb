import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../config.ts';
import type { EncoderKernels } from './contract.ts';
import { plainKernels } from './plain.ts';
import { webgpuKernels } from './webgpu.ts';
import { openWasmKernels } from './wasm/kernels.ts';

/** The fastest kernels for tfjs's current backend and an encoder's sizes. */
export async function chooseKernels(config: EncoderConfig): Promise<EncoderKernels> {
  if (tf.getBackend() === 'wasm')
    return (await openWasmKernels(config)) ?? { ...plainKernels, batches: false };
  return tf.getBackend() === 'webgpu' ? webgpuKernels : plainKernels;
}
