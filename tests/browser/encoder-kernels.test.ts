import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../../src/device/backend.ts';
import { testValues } from '../../src/device/self-test.ts';
import { parseEncoderConfig } from '../../src/encoder/config.ts';
import { chooseKernels } from '../../src/encoder/kernels/choose.ts';
import type {
  ConvLayer,
  EncoderKernels,
  Gate,
  GroupedConv,
  Linear,
  Norm,
} from '../../src/encoder/kernels/contract.ts';
import { plainKernels } from '../../src/encoder/kernels/plain.ts';
import type { ValidLengths } from '../../src/encoder/kernels/valid.ts';
import { relativeError } from './golden.ts';

const tensor3 = (shape: [number, number, number], phase: number): tf.Tensor3D =>
  tf.tensor3d(testValues(shape[0] * shape[1] * shape[2], phase), shape);
const tensor1 = (size: number, phase: number, centre = 0): tf.Tensor1D =>
  tf.tensor1d(testValues(size, phase).map((value) => centre + 0.3 * value));
const normOf = (size: number, phase: number): Norm => ({
  weight: tensor1(size, phase, 1),
  bias: tensor1(size, phase + 1),
});
const matrices = (
  kernels: EncoderKernels,
  batch: number,
  inputs: number,
  outputs: number,
  phase: number,
): tf.Tensor3D => {
  const values = testValues(batch * inputs * outputs, phase).map((value) => value / Math.sqrt(inputs));
  return tf.tensor3d(kernels.layout(values, batch, inputs, outputs), [batch, inputs, outputs]);
};
const full = (batch: number, padded: number): ValidLengths => ({
  values: Array.from({ length: batch }, () => padded),
  padded,
});

describe.each(['wasm', 'webgpu'] as const)('on %s every kernel agrees with its plain twin:', (backend) => {
  let device: Device;
  let kernels: EncoderKernels;
  /** Batches of different lengths exist on a GPU only. */
  const batch = backend === 'webgpu' ? 3 : 1;

  beforeAll(async () => {
    device = await openDevice(backend);
    kernels = await chooseKernels(parseEncoderConfig({ model_type: 'wavlm' }));
    expect(kernels.name).toBe(backend);
  });
  afterAll(() => device.dispose());

  /** Runs one computation with both tables; items are compared on their real positions alone. */
  async function compare(
    compute: (kernels: EncoderKernels) => tf.Tensor3D,
    valid: ValidLengths,
    tolerance = 5e-6,
  ): Promise<void> {
    const [custom, plain] = [tf.tidy(() => compute(kernels)), tf.tidy(() => compute(plainKernels))];
    expect(custom.shape).toEqual(plain.shape);
    const [, positions, columns] = custom.shape;
    const [actual, expected] = [await custom.data<'float32'>(), await plain.data<'float32'>()];
    await device.checkFaults();
    for (const [b, length] of valid.values.entries()) {
      const from = b * positions * columns;
      const real = Math.min(length, positions) * columns;
      expect(
        relativeError(actual.subarray(from, from + real), expected.subarray(from, from + real)),
        `item ${b}`,
      ).toBeLessThan(tolerance);
    }
    tf.dispose([custom, plain]);
  }

  test.each([
    { kernel: 10, stride: 5, inputs: 1, outputs: 24, norm: 'group', bias: false, samples: 217 },
    { kernel: 3, stride: 2, inputs: 16, outputs: 40, norm: null, bias: false, samples: 61 },
    { kernel: 2, stride: 2, inputs: 24, outputs: 16, norm: 'layer', bias: true, samples: 33 },
    { kernel: 3, stride: 2, inputs: 8, outputs: 8, norm: null, bias: true, samples: 3 },
  ] as const)('convolution %o', async ({ kernel, stride, inputs, outputs, norm, bias, samples }) => {
    const valid: ValidLengths = {
      values: [samples, Math.ceil(samples * 0.8), Math.max(kernel, Math.floor(samples / 2))].slice(0, batch),
      padded: samples,
    };
    const frames: ValidLengths = {
      values: valid.values.map((n) => Math.floor((n - kernel) / stride) + 1),
      padded: Math.floor((samples - kernel) / stride) + 1,
    };
    await compare((table) => {
      const layer: ConvLayer = {
        filter: matrices(table, 1, kernel * inputs, outputs, 3),
        bias: bias ? tensor1(outputs, 4) : null,
        norm: norm ? { kind: norm, ...normOf(outputs, 5) } : null,
        kernel,
        stride,
        inputs,
        outputs,
      };
      return table.convolve(tensor3([batch, samples, inputs], 6), layer, valid);
    }, frames);
  });

  test.each([
    { frames: 1, inputs: 8, outputs: 8, gelu: false, residual: false },
    { frames: 7, inputs: 20, outputs: 24, gelu: true, residual: false },
    { frames: 131, inputs: 530, outputs: 72, gelu: false, residual: true },
    { frames: 13, inputs: 1030, outputs: 16, gelu: true, residual: false },
  ])('dense %o', async ({ frames, inputs, outputs, gelu, residual }) => {
    await compare(
      (table) => {
        const weight = matrices(table, 1, inputs, outputs, 1);
        const linear: Linear = { weight, bias: tensor1(outputs, 2), inputs, outputs };
        const x = tensor3([batch, frames, inputs], 3);
        return table.dense(
          x,
          linear,
          residual ? { gelu, residual: tensor3([batch, frames, outputs], 4) } : { gelu },
        );
      },
      full(batch, frames),
    );
  });

  test.each([
    { frames: 5, columns: 8, gelu: false, affine: true },
    { frames: 33, columns: 200, gelu: true, affine: true },
    { frames: 9, columns: 64, gelu: true, affine: false },
    // More rows than one dimension of a dispatch holds.
    { frames: 65_540, columns: 4, gelu: false, affine: true },
  ])('layer norm %o', async ({ frames, columns, gelu, affine }) => {
    await compare(
      (table) => {
        // Far from zero: a variance from E[x²] − E[x]² would be off by 1e-3 here.
        const x: tf.Tensor3D = tf.add(tensor3([1, frames, columns], 1), 30);
        return table.layerNorm(x, affine ? normOf(columns, 2) : null, 1e-5, { gelu });
      },
      full(1, frames),
      5e-5,
    );
  });

  test.each([
    { frames: 1, groups: 2, kernel: 16, channels: 8, gelu: true },
    { frames: 70, groups: 3, kernel: 19, channels: 8, gelu: false },
    { frames: 37, groups: 2, kernel: 128, channels: 24, gelu: true },
  ])('grouped convolution %o', async ({ frames, groups, kernel, channels, gelu }) => {
    await compare(
      (table) => {
        const conv: GroupedConv = {
          weight: matrices(table, groups, kernel * channels, channels, 1),
          bias: tensor1(groups * channels, 2),
          groups,
          kernel,
          channels,
          left: Math.floor(kernel / 2),
        };
        return table.groupedConv(tensor3([batch, frames, groups * channels], 3), conv, { gelu });
      },
      full(batch, frames),
    );
  });

  test.each([
    { frames: 1, heads: 2, headSize: 8, position: true, queriesAtOnce: Infinity },
    { frames: 50, heads: 3, headSize: 16, position: true, queriesAtOnce: 1 },
    { frames: 77, heads: 2, headSize: 64, position: false, queriesAtOnce: 33 },
    { frames: 133, heads: 2, headSize: 8, position: true, queriesAtOnce: 132 },
  ])('attention %o', async ({ frames, heads, headSize, position, queriesAtOnce }) => {
    const valid: ValidLengths = {
      values: [frames, Math.ceil(frames / 2), Math.max(1, frames - 1)].slice(0, batch),
      padded: frames,
    };
    const size = heads * headSize;
    await compare((table) => {
      const gate: Gate = {
        weight: tf.tensor2d(testValues(headSize * 2, 1), [headSize, 2]),
        bias: tensor1(2, 2),
        constant: tensor1(heads, 3, 1),
      };
      const x = tensor3([batch, frames, size], 4);
      const width = 2 * frames - 1;
      const positions = tf.tensor2d(testValues(heads * width, 5), [heads, width]);
      const qkv = tensor3([batch, frames, 3 * size], 6);
      return table.attention(
        { qkv, position: position ? { x, gate, table: positions } : null },
        heads,
        valid,
        batch * heads * frames * 4 * queriesAtOnce,
      );
    }, valid);
  });

  if (backend === 'webgpu') {
    test('kernels keep to their rows when a dispatch is folded into several dimensions', async () => {
      const conv: GroupedConv = {
        weight: matrices(kernels, 2, 5 * 8, 8, 1),
        bias: tensor1(16, 2),
        groups: 2,
        kernel: 5,
        channels: 8,
        left: 2,
      };
      const computations = [
        (table: EncoderKernels) => table.layerNorm(tensor3([1, 19, 8], 1), normOf(8, 2), 1e-5),
        (table: EncoderKernels) => table.groupedConv(tensor3([10, 3, 16], 1), conv),
        (table: EncoderKernels) =>
          table.attention({ qkv: tensor3([3, 9, 48], 1), position: null }, 2, full(3, 9)),
        (table: EncoderKernels) =>
          table.moments?.(tensor3([10, 4, 80], 1), full(10, 4)) ?? tensor3([0, 0, 0], 1),
      ];
      for (const compute of computations) {
        const plain = tf.tidy(() => compute(plainKernels));
        const restore = limitDispatch(7);
        const custom = tf.tidy(() => compute(kernels));
        restore();
        const [actual, expected] = [await custom.data<'float32'>(), await plain.data<'float32'>()];
        await device.checkFaults();
        expect(relativeError(actual, expected)).toBeLessThan(5e-6);
      }
    });

    test('moments over the real frames', async () => {
      const valid: ValidLengths = { values: [75, 1, 40], padded: 75 };
      await compare(
        (table) => {
          if (!table.moments) throw new Error('This table has no moments.');
          return table.moments(tensor3([3, 75, 20], 1), valid);
        },
        full(3, 2),
      );
    });
  }
});

/** Makes tfjs believe that one dimension of a dispatch holds this many workgroups; gives back how to undo it. */
function limitDispatch(workgroups: number): () => void {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('WebGPU is not the backend.');
  const { device } = backend;
  Object.defineProperty(device, 'limits', {
    value: { maxComputeWorkgroupsPerDimension: workgroups },
    configurable: true,
  });
  return () => {
    Reflect.deleteProperty(device, 'limits');
  };
}
