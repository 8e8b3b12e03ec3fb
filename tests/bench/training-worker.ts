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
import { openStoreInWorker } from '../../src/shards/worker-store.ts';
import type { RecordStore } from '../../src/shards/store.ts';

export interface TrainingJob {
  readonly backend: 'wasm' | 'webgpu';
  readonly rows: number;
  /** Epochs that are counted of each kind, with and without a checkpoint beside them, after two that are not. */
  readonly epochs: number;
}

export interface TrainingFigures {
  readonly backend: TrainingJob['backend'];
  readonly threads: number;
  readonly rows: number;
  readonly head: string;
  /** Median of the epochs beside which nothing is written. */
  readonly epochSec: number;
  /** The fastest of those, and the fastest beside which a checkpoint is written: the least disturbed by others. */
  readonly fastestSec: number;
  readonly fastestBesideSec: number;
  /** Median. From the end of an epoch until training can go on: the state is copied off the device and encoded. */
  readonly heldUpSec: number;
  /** From then on until the store has acknowledged the checkpoint. */
  readonly acknowledgedSec: number;
  /** What encoding and committing takes where training waits for a store in its own worker. */
  readonly waitedSec: number;
  readonly checkpointBytes: number;
}

type Measured = Omit<TrainingFigures, 'backend' | 'threads' | 'rows' | 'head'>;

interface Stores {
  readonly apart: RecordStore;
  readonly here: RecordStore;
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

/** Trains a head as the app does; every other checkpoint is committed, the others are dropped. */
async function measure(
  compute: Compute,
  stores: Stores,
  data: TrainingData,
  name: string,
  head: HeadConfig,
  count: number,
): Promise<Measured> {
  const config: TrainingConfig = {
    ...defaultTraining,
    head,
    epochs: 2 * count + 3,
    standardise: false,
    schedule: { kind: 'constant', warmupSteps: 0 },
  };
  const epochSec: number[] = [];
  const epochBesideSec: number[] = [];
  const heldUpSec: number[] = [];
  const acknowledgedSec: number[] = [];
  let [began, ended, epochs] = [0, 0, 0];
  const { checkpoint } = await fit({
    compute,
    data,
    config,
    start: { kind: 'fresh' },
    hooks: {
      onEpoch: () => {
        ended = performance.now();
        epochs += 1;
        // Beside the third epoch the checkpoint of the second is written, and so on.
        if (epochs > 2) (epochs % 2 === 1 ? epochBesideSec : epochSec).push((ended - began) / 1000);
      },
      onCheckpoint: async (made) => {
        began = performance.now();
        if (epochs % 2 === 1) return;
        const committed = stores.apart.append(
          name,
          'checkpoint',
          `epoch-${epochs}`,
          {},
          encodeCheckpoint(made),
          { isHandedOver: true },
        );
        // From here on training goes on.
        began = performance.now();
        heldUpSec.push((began - ended) / 1000);
        await committed;
        acknowledgedSec.push((performance.now() - began) / 1000);
      },
    },
  });
  const waitedSec: number[] = [];
  let checkpointBytes = 0;
  for (let i = 0; i < Math.max(5, count); i += 1) {
    const start = performance.now();
    const bytes = encodeCheckpoint(checkpoint);
    await stores.here.append(name, 'checkpoint', `waited-${i}`, {}, bytes);
    waitedSec.push((performance.now() - start) / 1000);
    checkpointBytes = bytes.length;
  }
  return {
    epochSec: median(epochSec),
    fastestSec: Math.min(...epochSec),
    fastestBesideSec: Math.min(...epochBesideSec),
    heldUpSec: median(heldUpSec),
    acknowledgedSec: median(acknowledgedSec),
    waitedSec: median(waitedSec),
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
  const stores = {
    apart: await openStoreInWorker({ name: `training on ${backend}, apart` }),
    here: await openStore({ name: `training on ${backend}` }),
  };
  // The app has written the run itself by then; the first write to a store waits for its precautions.
  for (const store of Object.values(stores))
    await store.append('warm-up', 'run', 'run', {}, new Uint8Array(0));
  const data = task(rows, 1024);
  const heads: Record<string, HeadConfig> = {
    linear: { kind: 'linear' },
    'mlp-512': { kind: 'mlp', hidden: [512], dropout: 0 },
  };
  const figures: TrainingFigures[] = [];
  for (const [name, head] of Object.entries(heads)) {
    const times = await measure(compute, stores, data, name, head, epochs);
    figures.push({ backend, threads, rows, head: name, ...times });
  }
  for (const store of Object.values(stores)) await store.close();
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
