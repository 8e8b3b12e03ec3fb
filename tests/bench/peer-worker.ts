import * as ort from 'onnxruntime-web/wasm';
import { openDevice } from '../../src/device/backend.ts';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { plainKernels } from '../../src/encoder/kernels/plain.ts';
import { createEncoder } from '../../src/encoder/wavlm.ts';

/** The same weights, clip and threads in onnxruntime-web and here, in turns. */
export interface PeerRequest {
  readonly folder: string;
  readonly rounds: number | string;
  readonly threads: number;
  /** `plain` measures tfjs's own operations instead of the custom kernels. */
  readonly kernels?: string;
}

export interface PeerResult {
  readonly seconds: number;
  readonly threads: number;
  readonly ourThreads: number;
  readonly oursMs: readonly number[];
  readonly theirsMs: readonly number[];
  /** max |difference| / max |theirs| of the last hidden state. */
  readonly difference: number;
  readonly explanation: string;
}

async function measure(request: PeerRequest): Promise<PeerResult> {
  const seconds = 5;
  const samples = Float32Array.from({ length: seconds * 16000 }, (_, i) => noise(i) * 0.1);

  ort.env.wasm.numThreads = request.threads;
  ort.env.wasm.wasmPaths = new URL('/node_modules/onnxruntime-web/dist/', self.location.href).href;
  const session = await ort.InferenceSession.create(`${request.folder}model.onnx`, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const theirs = async (): Promise<Float32Array> => {
    const output = await session.run({ samples: new ort.Tensor('float32', samples, [1, samples.length]) });
    const hidden = output['hidden']?.data;
    if (!(hidden instanceof Float32Array)) throw new Error('The graph gave no floats.');
    return hidden;
  };

  const device = await openDevice('wasm');
  const files = await Promise.all(
    ['config.json', 'preprocessor_config.json', 'model.safetensors'].map(async (path) => ({
      path,
      blob: await (await fetch(request.folder + path)).blob(),
    })),
  );
  const checkpoint = await openCheckpoint(files);
  const encoder = await createEncoder(checkpoint, undefined, {
    kernels: request.kernels === 'plain' ? plainKernels : undefined,
  });
  const ours = async (): Promise<Float32Array> => {
    const [encoded] = await encoder.encode([samples], { layers: [encoder.layers], pooling: 'none' });
    if (!encoded?.frames) throw new Error('The encoder gave no frames.');
    return encoded.frames;
  };

  const difference = relativeError(await ours(), await theirs());
  const oursMs: number[] = [];
  const theirsMs: number[] = [];
  for (let round = 0; round < Number(request.rounds); round += 1) {
    oursMs.push(await time(ours));
    theirsMs.push(await time(theirs));
  }
  return {
    seconds,
    threads: request.threads,
    ourThreads: device.status.threads,
    oursMs,
    theirsMs,
    difference,
    explanation: device.status.explanation,
  };
}

async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** White noise from an integer hash: the same on every machine. */
function noise(i: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  let difference = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < expected.length; i += 1) {
    difference = Math.max(difference, Math.abs((actual[i] ?? 0) - (expected[i] ?? 0)));
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return difference / largest;
}

addEventListener('message', (event: MessageEvent<PeerRequest>) => {
  void measure(event.data).then(
    (result) => postMessage(result),
    (error: unknown) =>
      setTimeout(() => {
        throw error;
      }),
  );
});
