import { openDevice } from '../../src/device/backend.ts';
import { Rng } from '../../src/lib/rng.ts';
import { encodeCheckpoint } from '../../src/training/checkpoint.ts';
import type { Compute } from '../../src/training/compute/compute.ts';
import { TfjsCompute } from '../../src/training/compute/tfjs.ts';
import { openWasmCompute } from '../../src/training/compute/wasm.ts';
import { defaultTraining, type TrainingConfig } from '../../src/training/config.ts';
import { fit } from '../../src/training/fit.ts';
import type { HeadConfig } from '../../src/training/heads/registry.ts';
import type { TrainingData } from '../../src/training/preflight.ts';

/** The task of tools/bench_pytorch.py: random rows, ten classes, no validation. */
function task(rows: number, size: number): TrainingData {
  const rng = Rng.fromSeed(1);
  const features = new Float32Array(rows * size);
  for (let i = 0; i < features.length; i += 1) features[i] = rng.nextFloat() * 2 - 1;
  return {
    examples: {
      layout: { kind: 'vector', size },
      features,
      frameOffsets: null,
      labels: Int32Array.from({ length: rows }, () => rng.nextInt(10)),
      classes: Array.from({ length: 10 }, (_, c) => String(c)),
      ids: Array.from({ length: rows }, (_, i) => String(i)),
    },
    train: Int32Array.from({ length: rows }, (_, i) => i),
    validation: new Int32Array(0),
  };
}

/** Median seconds of an epoch, the first left out, and of making and encoding a checkpoint. */
async function epochs(
  compute: Compute,
  data: TrainingData,
  head: HeadConfig,
  count: number,
): Promise<{ epochSec: number; checkpointSec: number }> {
  const config: TrainingConfig = {
    ...defaultTraining,
    head,
    epochs: count + 1,
    standardise: false,
    schedule: { kind: 'constant', warmupSteps: 0 },
  };
  const epochSec: number[] = [];
  const checkpointSec: number[] = [];
  let began = 0;
  await fit({
    compute,
    data,
    config,
    start: { kind: 'fresh' },
    hooks: {
      onEpoch: ({ epoch }) => {
        const now = performance.now();
        if (epoch > 0) epochSec.push((now - began) / 1000);
        began = now;
      },
      onCheckpoint: (checkpoint) => {
        encodeCheckpoint(checkpoint);
        const now = performance.now();
        checkpointSec.push((now - began) / 1000);
        began = now;
      },
    },
  });
  const median = (values: number[]): number =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return { epochSec: median(epochSec), checkpointSec: median(checkpointSec) };
}

interface Job {
  readonly backend: string;
  readonly rows: number;
  readonly count: number;
}

async function bench({ backend, rows, count }: Job): Promise<void> {
  let compute: Compute;
  let threads = 1;
  if (backend === 'webgpu') {
    await openDevice('webgpu');
    compute = new TfjsCompute();
  } else {
    const wasm = await openWasmCompute({ threads: backend === 'wasm' });
    threads = wasm.threads;
    compute = wasm;
  }
  const data = task(rows, 1024);
  const heads: Record<string, HeadConfig> = {
    linear: { kind: 'linear' },
    'mlp-512': { kind: 'mlp', hidden: [512], dropout: 0 },
  };
  for (const [name, head] of Object.entries(heads)) {
    const times = await epochs(compute, data, head, count);
    globalThis.postMessage({ backend, threads, rows, head: name, ...times });
  }
  globalThis.postMessage('done');
}

globalThis.addEventListener('message', (event: MessageEvent<Job>) => {
  bench(event.data).catch((error: unknown) => globalThis.postMessage({ error: String(error) }));
});
