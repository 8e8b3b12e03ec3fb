import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * AdamW as one dispatch that updates parameter, mean and square in place: 4 reads and 3 writes an element, where plain
 * operations cost a dozen dispatches. tfjs programs write one output only, so the dispatch is recorded beside them, in
 * the same compute pass and thus in order.
 */

const workgroupSize = 64;

const source = /* wgsl */ `
struct Scalars {
  decay: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  root: f32,
  epsilon: f32,
  stepSize: f32,
  count: u32,
}
@group(0) @binding(0) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> square: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<uniform> scalars: Scalars;

@compute @workgroup_size(${workgroupSize})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${workgroupSize}u;
  if (i >= scalars.count) { return; }
  let g = gradient[i];
  let m = mean[i] + (g - mean[i]) * scalars.oneMinusBeta1;
  let v = square[i] * scalars.beta2 + g * g * scalars.oneMinusBeta2;
  let denominator = sqrt(v) / scalars.root + scalars.epsilon;
  mean[i] = m;
  square[i] = v;
  parameter[i] = parameter[i] * scalars.decay - scalars.stepSize * (m / denominator);
}`;

/** What tfjs's declaration marks as private, and this needs to record in its command encoder. */
interface Internals {
  readonly commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  readonly commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  readonly uniformPendingDisposal: GPUBuffer[];
}

const pipelines = new WeakMap<GPUDevice, GPUComputePipeline>();

/** `scalars`: 1 − lr·decay, 1 − β1, β2, 1 − β2, √(1 − β2ᵗ), ε, lr / (1 − β1ᵗ). All tensors have the same size. */
export function recordAdamW(
  backend: WebGPUBackend,
  tensors: {
    readonly parameter: tf.Tensor;
    readonly mean: tf.Tensor;
    readonly square: tf.Tensor;
    readonly gradient: tf.Tensor;
  },
  scalars: readonly [number, number, number, number, number, number, number],
): void {
  const { device } = backend;
  let pipeline = pipelines.get(device);
  if (!pipeline) {
    const module = device.createShaderModule({ code: source });
    pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
    pipelines.set(device, pipeline);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the only way to what the declaration calls private
  const internals = backend as unknown as Internals;
  const count = tensors.parameter.size;
  const uniforms = new ArrayBuffer(32);
  new Float32Array(uniforms, 0, 7).set(scalars);
  new Uint32Array(uniforms, 28, 1)[0] = count;
  const uniformBuffer = backend.bufferManager.acquireBuffer(
    uniforms.byteLength,
    GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM,
  );
  backend.queue.writeBuffer(uniformBuffer, 0, uniforms);
  internals.uniformPendingDisposal.push(uniformBuffer);

  const { parameter, mean, square, gradient } = tensors;
  const buffers = [parameter, mean, square, gradient].map((tensor) => {
    backend.uploadToGPU(tensor.dataId);
    const data = backend.tensorMap.get(tensor.dataId);
    // Values that were read before are stale from now on.
    data.values = null!;
    // A tensor that is freed before the commands are submitted keeps its buffer until then.
    internals.commandQueueOwnedIds.add(tensor.dataId);
    if (!(data.resource instanceof GPUBuffer)) throw new Error('A tensor without a buffer.');
    return data.resource;
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [...buffers, uniformBuffer].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  backend.ensureCommandEncoderReady();
  internals.computePassEncoder ??= internals.commandEncoder.beginComputePass();
  const pass = internals.computePassEncoder;
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  const groups = Math.ceil(count / workgroupSize);
  const across = Math.min(groups, device.limits.maxComputeWorkgroupsPerDimension);
  pass.dispatchWorkgroups(across, Math.ceil(groups / across));
  internals.dispatchCountInPass += 1;
}
