import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { OutOfMemoryError } from '../../../device/errors.ts';
import type { EncoderConfig } from '../../config.ts';
import { afterConv, convNormEpsilon, type ConvLayer, type EncoderKernels, type Norm } from '../contract.ts';
import { compileKernels } from './binary.ts';
import { foldGroupNorm } from './group-norm.ts';
import { packLinear, packPanels, panelColumns, unpackPanels } from '../layout.ts';
import { KernelPool } from './pool.ts';

/** Rows whose part of A stays in the second-level cache; a multiple of the kernel's six rows. */
const rowBlock = 126;
const applyGelu = 1;

/** The wasm heap grows up to this. */
const heapLimitBytes = 4 * 1024 ** 3;

interface Heap {
  readonly backend: BackendWasm;
  readonly pool: KernelPool;
}

let opened: { readonly memory: WebAssembly.Memory; readonly pool: Promise<KernelPool> } | null = null;

/**
 * Kernels in WebAssembly that work in place on tfjs's heap, with threads of their own. Null where tfjs runs without
 * threads (a page that is not isolated) or a size is not a multiple of eight: then the plain operations serve.
 */
export async function openWasmKernels(config: EncoderConfig): Promise<EncoderKernels | null> {
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm)) return null;
  const memory: unknown = Reflect.get(backend.wasm, 'wasmMemory');
  if (!(memory instanceof WebAssembly.Memory) || !(memory.buffer instanceof SharedArrayBuffer)) return null;
  const sizes = [
    config.hiddenSize,
    config.intermediateSize,
    config.hiddenSize / config.heads,
    config.hiddenSize / config.positionalConv.groups,
    ...config.convLayers.map((layer) => layer.channels),
  ];
  if (sizes.some((size) => size % panelColumns !== 0)) return null;
  if (opened?.memory !== memory) {
    const threads = Math.max(1, navigator.hardwareConcurrency);
    opened = { memory, pool: compileKernels().then((module) => KernelPool.start(module, memory, threads)) };
  }
  return wasmKernels({ backend, pool: await opened.pool });
}

function wasmKernels(heap: Heap): EncoderKernels {
  const { pool } = heap;
  const address = (x: tf.TensorInfo | null): number => (x ? addressOf(heap.backend, x) : 0);

  /** Reserves a tensor's memory. */
  const make = <R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> => {
    const info = heap.backend.makeOutput([...shape], 'float32');
    if (addressOf(heap.backend, info) === 0) {
      heap.backend.disposeData(info.dataId);
      throw new OutOfMemoryError(
        `WebAssembly's memory (${heapLimitBytes / 1024 ** 3} GiB) is too small for this clip. Shorter windows or a smaller encoder will do.`,
      );
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tfjs's declaration drops the rank of `shape`
    return tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor<R>;
  };

  const gemm = (product: Product): void => {
    const panels = product.columns / panelColumns;
    const rowBlocks = Math.ceil(product.rows / rowBlock);
    // Enough tasks to share out evenly, each with enough panels to be worth it.
    const wanted = Math.ceil((8 * pool.threads) / (rowBlocks * product.batch));
    const panelBlock = Math.max(1, Math.ceil(panels / Math.max(1, wanted)));
    const tasks = product.batch * rowBlocks * Math.ceil(panels / panelBlock);
    pool.run('gemm', tasks, [
      product.a,
      product.strideA * 4,
      product.batchA * 4,
      product.b,
      product.depth * product.columns * 4,
      product.bias,
      product.batchBias * 4,
      product.residual,
      product.c,
      product.strideC * 4,
      product.batchC * 4,
      product.rows,
      panels,
      product.depth,
      product.gelu ? applyGelu : 0,
      rowBlock,
      panelBlock,
    ]);
  };

  const normInto = (
    x: tf.Tensor3D,
    norm: Norm | null,
    out: tf.Tensor3D,
    epsilon: number,
    gelu: boolean,
  ): void => {
    const [batch, frames, columns] = x.shape;
    runRows(pool, 'layerNorm', batch * frames, [
      address(x),
      address(norm?.weight ?? null),
      address(norm?.bias ?? null),
      address(out),
      columns,
      epsilon,
      gelu ? 1 : 0,
    ]);
  };

  return {
    name: 'wasm',
    batches: false,
    moments: null,
    stretches: null,
    layout: packPanels,
    layoutLinear: packLinear,

    convolve(x, layer, valid) {
      // A frame's window is one run of memory: the convolution is a product whose rows overlap.
      return tf.tidy(() => {
        const frames = afterConv(valid, layer).padded;
        const out = make<tf.Rank.R3>([1, frames, layer.outputs]);
        const { filter, bias } = layer.norm?.kind === 'group' ? foldedFilter(x, layer, frames) : layer;
        gemm({
          ...single,
          a: address(x),
          strideA: layer.stride * layer.inputs,
          b: address(filter),
          bias: address(bias),
          c: address(out),
          strideC: layer.outputs,
          rows: frames,
          columns: layer.outputs,
          depth: layer.kernel * layer.inputs,
          gelu: layer.norm?.kind !== 'layer',
        });
        if (layer.norm?.kind === 'layer') normInto(out, layer.norm, out, convNormEpsilon, true);
        return out;
      });
    },

    dense(x, linear, options = {}) {
      const [batch, frames] = x.shape;
      const out = make<tf.Rank.R3>([batch, frames, linear.outputs]);
      gemm({
        ...single,
        a: address(x),
        strideA: linear.inputs,
        b: address(linear.weight),
        bias: address(linear.bias),
        residual: address(options.residual ?? null),
        c: address(out),
        strideC: linear.outputs,
        rows: batch * frames,
        columns: linear.outputs,
        depth: linear.inputs,
        gelu: options.gelu === true,
      });
      return out;
    },

    layerNorm(x, norm, epsilon, options = {}) {
      const out = make<tf.Rank.R3>(x.shape);
      normInto(x, norm, out, epsilon, options.gelu === true);
      return out;
    },

    groupedConv(x, conv, options = {}) {
      return tf.tidy(() => {
        const { groups, kernel, channels, left } = conv;
        const frames = x.shape[1];
        const padded = frames + kernel - 1;
        const gathered = make<tf.Rank.R3>([groups, padded, channels]);
        pool.run('gatherGroups', groups, [
          address(x),
          address(gathered),
          frames,
          groups,
          channels,
          left,
          kernel - 1 - left,
        ]);
        const out = make<tf.Rank.R3>([1, frames, groups * channels]);
        gemm({
          ...single,
          batch: groups,
          a: address(gathered),
          strideA: channels,
          batchA: padded * channels,
          b: address(conv.weight),
          bias: address(conv.bias),
          batchBias: channels,
          c: address(out),
          strideC: groups * channels,
          batchC: channels,
          rows: frames,
          columns: channels,
          depth: kernel * channels,
          gelu: options.gelu === true,
        });
        return out;
      });
    },

    attention({ qkv, position }, heads) {
      return tf.tidy(() => {
        const frames = qkv.shape[1];
        const hiddenSize = qkv.shape[2] / 3;
        const headSize = hiddenSize / heads;
        const keys = make<tf.Rank.R3>([heads, Math.ceil(frames / panelColumns) * panelColumns, headSize]);
        const values = make<tf.Rank.R3>([heads, frames, headSize]);
        pool.run('packKeysValues', heads, [
          address(qkv),
          address(keys),
          address(values),
          frames,
          heads,
          headSize,
        ]);
        let gate: tf.Tensor2D | null = null;
        if (position) {
          gate = make<tf.Rank.R2>([frames, heads]);
          runRows(pool, 'positionGate', frames, [
            address(position.x),
            address(position.gate.weight),
            address(position.gate.bias),
            address(position.gate.constant),
            address(gate),
            heads,
            headSize,
          ]);
        }
        const scratch = make<tf.Rank.R1>([(pool.threads * pool.ask('attentionScratchBytes', frames)) / 4]);
        const out = make<tf.Rank.R3>([1, frames, hiddenSize]);
        pool.run('attention', pool.ask('attentionTasks', frames, heads), [
          address(qkv),
          address(keys),
          address(values),
          address(position?.table ?? null),
          address(gate),
          address(scratch),
          address(out),
          frames,
          heads,
          headSize,
        ]);
        return out;
      });
    },
  };
}

/** One product of a batch; strides in values, addresses in bytes. */
interface Product {
  readonly batch: number;
  readonly a: number;
  readonly strideA: number;
  readonly batchA: number;
  readonly b: number;
  readonly bias: number;
  readonly batchBias: number;
  readonly residual: number;
  readonly c: number;
  readonly strideC: number;
  readonly batchC: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly gelu: boolean;
}

const single = { batch: 1, batchA: 0, batchBias: 0, batchC: 0, bias: 0, residual: 0 } as const;

/** Where a tensor's values lie on the heap. Read anew each time: a tensor may be made by tfjs itself. */
function addressOf(backend: BackendWasm, x: tf.TensorInfo): number {
  return backend.getMemoryOffset(x.dataId) >>> 0;
}

/** Rows in runs long enough that taking one costs nothing beside it. */
function runRows(pool: KernelPool, name: 'layerNorm' | 'positionGate', rows: number, values: number[]): void {
  pool.run(name, rows, values, Math.max(8, Math.ceil(rows / (4 * pool.threads))));
}

/** The first conv with its GroupNorm folded in, for this waveform. */
function foldedFilter(
  x: tf.Tensor3D,
  layer: ConvLayer,
  frames: number,
): { filter: tf.Tensor; bias: tf.Tensor1D } {
  const { norm, kernel, stride, inputs, outputs } = layer;
  if (!norm || inputs !== 1) throw new Error('Only the first conv has a norm over time.');
  const folded = foldGroupNorm({
    samples: x.dataSync<'float32'>(),
    filter: unpackPanels(layer.filter.dataSync<'float32'>(), kernel, outputs),
    weight: norm.weight.dataSync<'float32'>(),
    bias: norm.bias.dataSync<'float32'>(),
    kernel,
    stride,
    outputs,
    frames,
    epsilon: convNormEpsilon,
  });
  return {
    filter: tf.tensor2d(packPanels(folded.filter, 1, kernel, outputs), [kernel, outputs]),
    bias: tf.tensor1d(folded.bias),
  };
}
