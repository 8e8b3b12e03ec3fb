import * as tf from '@tensorflow/tfjs-core';
import { geluFunction, i32, runGpuProgram } from './gpu-program.ts';

/** `x·Φ(x)` with the exact Gaussian integral, `0.5·x·(1 + erf(x/√2))`; the tanh form costs 3e-3 at the outputs. */
export function plainGelu<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)));
}

/** `gelu(x + bias)`, bias `[C]` over the last axis or null. */
export function plainBiasGelu<T extends tf.Tensor>(x: T, bias: tf.Tensor | null): T {
  return tf.tidy(() => plainGelu(bias ? tf.add<T>(x, bias) : x));
}

/** The same in one dispatch. */
export function gpuBiasGelu(x: tf.Tensor3D, bias: tf.Tensor1D | null): tf.Tensor3D {
  const [batch, frames, channels] = x.shape;
  const size = batch * frames * channels;
  const code = `
    ${geluFunction}
    fn main(index: i32) {
      if (index < uniforms.size) {
        result[index] = geluOf(x[index]${bias ? ' + bias[index % uniforms.channels]' : ''});
      }
    }
  `;
  return runGpuProgram<tf.Rank.R3>({
    key: bias ? 'biasGelu' : 'gelu',
    inputs: bias ? { x, bias } : { x },
    outputShape: x.shape,
    workgroupSize: 64,
    workgroups: Math.ceil(size / 64),
    uniforms: { size: i32(size), channels: i32(channels) },
    code,
  });
}
