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
import { median } from './median.ts';
import { openStore } from '../../src/shards/opfs.ts';
import type { RecordStore } from '../../src/shards/store.ts';

export interface TrainingJob {
  readonly backend: 'wasm' | 'webgpu';
  readonly rows: number;
  /** Epochs that are counted, after one that is not. */
  readonly epochs: number;
}

export interface TrainingFigures {
  readonly backend: TrainingJob['backend'];
  readonly threads: number;
  readonly rows: number;
  readonly head: string;
  /** Medians. */
  readonly epochSec: number;
  /** From the end of the epoch until the checkpoint is safe in the record store. */
  readonly checkpointSec: number;
  /** The part of it that the store took. */
  readonly commitSec: number;
  readonly checkpointBytes: number;
}

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

/** Trains a head; each epoch ends with its checkpoint in the store, as in the app. */
async function measure(
  compute: Compute,
  store: RecordStore,
  data: TrainingData,
  name: string,
  head: HeadConfig,
  count: number,
): Promise<Pick<TrainingFigures, 'epochSec' | 'checkpointSec' | 'commitSec' | 'checkpointBytes'>> {
  const config: TrainingConfig = {
    ...defaultTraining,
    head,
    epochs: count + 1,
    standardise: false,
    schedule: { kind: 'constant', warmupSteps: 0 },
  };
  const epochSec: number[] = [];
  const checkpointSec: number[] = [];
  const commitSec: number[] = [];
  let checkpointBytes = 0;
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
      onCheckpoint: async (checkpoint) => {
        const bytes = encodeCheckpoint(checkpoint);
        const encoded = performance.now();
        await store.append(name, 'checkpoint', `epoch-${checkpoint.epoch}`, {}, bytes);
        const now = performance.now();
        if (epochSec.length > 0) {
          checkpointSec.push((now - began) / 1000);
          commitSec.push((now - encoded) / 1000);
        }
        checkpointBytes = bytes.length;
        began = now;
      },
    },
  });
  return {
    epochSec: median(epochSec),
    checkpointSec: median(checkpointSec),
    commitSec: median(commitSec),
    checkpointBytes,
  };
}

async function bench({ backend, rows, epochs }: TrainingJob): Promise<TrainingFigures[]> {
  let compute: Compute;
  let threads = 1;
  if (backend === 'webgpu') {
    await openDevice('webgpu');
    compute = new TfjsCompute();
  } else {
    const wasm = await openWasmCompute({ threads: true });
    threads = wasm.threads;
    compute = wasm;
  }
  const store = await openStore({ name: `training on ${backend}` });
  // The app has written the run itself by then; the first write to a store waits for its precautions.
  await store.append('warm-up', 'run', 'run', {}, new Uint8Array(0));
  const data = task(rows, 1024);
  const heads: Record<string, HeadConfig> = {
    linear: { kind: 'linear' },
    'mlp-512': { kind: 'mlp', hidden: [512], dropout: 0 },
  };
  const figures: TrainingFigures[] = [];
  for (const [name, head] of Object.entries(heads)) {
    const times = await measure(compute, store, data, name, head, epochs);
    figures.push({ backend, threads, rows, head: name, ...times });
  }
  await store.close();
  return figures;
}

addEventListener('message', ({ data }: MessageEvent<TrainingJob>) => {
  bench(data).then(
    (figures) => postMessage(figures),
    (error: unknown) =>
      setTimeout(() => {
        throw error;
      }),
  );
});
