import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';

/** One WGSL kernel and what it is run on. */
export interface GpuProgram<R extends tf.Rank> {
  /** Names the pipeline together with every constant that is baked into `code`: tfjs reuses by this name alone. */
  readonly key: string;
  /** By name in the code; each must be used, or the layout drops its binding. */
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputShape: tf.ShapeMap[R];
  /** Threads of one workgroup, in one dimension. */
  readonly workgroupSize: number;
  readonly workgroups: number;
  /** Scalars, read as `uniforms.name`; at least one must be used. */
  readonly uniforms: Readonly<Record<string, { readonly type: 'i32' | 'f32'; readonly value: number }>>;
  /**
   * Module-scope declarations and `fn main(index: i32)`. Inputs are `array<f32>` (`array<i32>` for int32), the output is
   * `result`. tfjs folds more than 65535 workgroups into two or three dimensions, so that more may run than were asked
   * for: the code guards its rows, and, as barriers must be reached by all, by clamping and not by returning.
   */
  readonly code: string;
}

/** Runs a kernel through tfjs's own queue, so that it is ordered with tfjs's operations. */
export function runGpuProgram<R extends tf.Rank>(program: GpuProgram<R>): tf.Tensor<R> {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error(`${program.key} needs the webgpu backend.`);
  const names = Object.keys(program.inputs);
  const uniforms = Object.entries(program.uniforms);
  const info = backend.runWebGPUProgram(
    {
      variableNames: names,
      outputShape: [...program.outputShape],
      shaderKey: program.key,
      workgroupSize: [program.workgroupSize, 1, 1],
      dispatchLayout: { x: [0] },
      dispatch: [program.workgroups, 1, 1],
      uniforms: uniforms.map(([name, { type }]) => `${name} : ${type},`).join(' '),
      getUserCode: () => program.code,
    },
    Object.values(program.inputs),
    'float32',
    uniforms.map(([, { type, value }]) => ({ type: type === 'i32' ? 'int32' : 'float32', data: [value] })),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tfjs's declaration drops the rank of the shape
  return tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor<R>;
}

export const i32 = (value: number): { readonly type: 'i32'; readonly value: number } => ({
  type: 'i32',
  value,
});
export const f32 = (value: number): { readonly type: 'f32'; readonly value: number } => ({
  type: 'f32',
  value,
});

/** `workgroup` is the linear number of the workgroup, however tfjs folded the dispatch. */
export const workgroupNumber = `
  fn workgroupNumber() -> i32 {
    return i32(workgroupId.x + numWorkgroups.x * (workgroupId.y + numWorkgroups.y * workgroupId.z));
  }
`;

/** Sum and maximum over a workgroup; every thread gets the result. `size` is a power of two. */
export function workgroupReductions(size: number): string {
  return `
  var<workgroup> partial: array<f32, ${size}>;
  fn workgroupSum(value: f32) -> f32 {
    let thread = i32(localId.x);
    partial[thread] = value;
    workgroupBarrier();
    for (var width = ${size / 2}; width > 0; width = width / 2) {
      if (thread < width) { partial[thread] = partial[thread] + partial[thread + width]; }
      workgroupBarrier();
    }
    let total = partial[0];
    workgroupBarrier();
    return total;
  }
  fn workgroupMax(value: f32) -> f32 {
    let thread = i32(localId.x);
    partial[thread] = value;
    workgroupBarrier();
    for (var width = ${size / 2}; width > 0; width = width / 2) {
      if (thread < width) { partial[thread] = max(partial[thread], partial[thread + width]); }
      workgroupBarrier();
    }
    let largest = partial[0];
    workgroupBarrier();
    return largest;
  }
`;
}

/** `x·Φ(x)`, erf by a rational minimax approximation on [−4, 4], within a few units in the last place. */
export const geluFunction = `
  fn geluOf(x: f32) -> f32 {
    let z = clamp(x * 0.7071067811865476, -4.0, 4.0);
    let z2 = z * z;
    var p = -2.72614225801306e-10;
    p = fma(p, z2, 2.77068142495902e-8);
    p = fma(p, z2, -2.10102402082508e-6);
    p = fma(p, z2, -5.69250639462346e-5);
    p = fma(p, z2, -7.34990630326855e-4);
    p = fma(p, z2, -2.95459980854025e-3);
    p = fma(p, z2, -1.60960333262415e-2);
    var q = -1.45660718464996e-5;
    q = fma(q, z2, -2.13374055278905e-4);
    q = fma(q, z2, -1.68282697438203e-3);
    q = fma(q, z2, -7.37332916720468e-3);
    q = fma(q, z2, -1.42647390514189e-2);
    return 0.5 * x * (1.0 + z * p / q);
  }
`;
