import type { Device } from '../../../src/device/backend.ts';
import type { EncodedWaveform } from '../../../src/encoder/pooling.ts';
import { EventHub } from '../../../src/engine/event-hub.ts';
import { mergeExtraction } from '../../../src/engine/extraction/extraction-export.ts';
import { ExtractionJob } from '../../../src/engine/extraction/extraction-job.ts';
import { ExtractionRecord, type ExtractionSpec } from '../../../src/engine/extraction/extraction-record.ts';
import { ExtractionRunner } from '../../../src/engine/extraction/extraction-runner.ts';
import type { JobStatus } from '../../../src/engine/protocol.ts';
import { MemoryDisk, openMemoryStore } from '../../../src/shards/memory.ts';
import type { RecordStore } from '../../../src/shards/store.ts';

/** What a test may do in the midst of an extraction; each hook may wait, or throw. */
export interface ExtractionHooks {
  /** Before the encoder is given this example. */
  readonly encode?: (index: number) => Promise<void> | void;
  /** Before a shard is written. */
  readonly write?: (name: string) => Promise<void> | void;
  /** When a shard is on the disk, before that is acknowledged. */
  readonly acknowledge?: (name: string) => Promise<void> | void;
}

/** One tab's share of an extraction on a disk in memory: the real store, job and runner around an encoder that adds. */
export interface ExtractionSession {
  readonly job: ExtractionJob;
  readonly store: RecordStore;
  /** Every status that the page was told. */
  readonly told: JobStatus[];
  /** Starts, and resolves when it has ended, paused or failed. */
  run(): Promise<JobStatus>;
  status(): JobStatus;
  /** Names of the shards that are safe. */
  shards(): Promise<string[]>;
  /** The merged file's bytes. */
  merged(): Promise<Buffer>;
}

export interface ExtractionOptions {
  readonly clips?: number;
  readonly shardSize?: number;
}

const WIDTH = 6;
const ID = 'extraction';

export async function openExtraction(
  disk: MemoryDisk,
  hooks: ExtractionHooks = {},
  { clips = 20, shardSize = 4 }: ExtractionOptions = {},
): Promise<ExtractionSession> {
  const store = await openMemoryStore(disk, { takeOver: true });
  const spec: ExtractionSpec = {
    format: 1,
    dataset: { id: 'dataset', name: 'Numbers' },
    encoder: {
      id: 'adder',
      name: 'adder',
      source: { kind: 'built-in' },
      layers: 1,
      hiddenSize: WIDTH,
      weightsHash: '',
    },
    settings: {
      layers: [1],
      pooling: 'mean',
      augmentations: { versions: 0, seed: 0 },
      maxClipSec: 16,
      longClips: 'window',
    },
    createdAt: '2026-01-01T00:00:00.000Z',
    clips: Array.from({ length: clips }, (_, i) => ({ path: `${i}.wav`, sizeBytes: 1, durationSec: 0.1 })),
  };
  const record = new ExtractionRecord(() => hooked(store, hooks), ID);
  if (!(await record.readSpec())) await record.writeSpec(spec);
  const pace = { shardSize, batchSize: 1 };
  const job = new ExtractionJob(record, spec, { state: 'running', notice: null, pace });
  await job.refresh();

  const events = new EventHub();
  const told: JobStatus[] = [];
  events.subscribe((event) => {
    if (event.type === 'job') told.push(event.job);
  });
  const runner = new ExtractionRunner({
    devices: {
      generation: 1,
      device: () => Promise.resolve(device),
      proveDevice: () => Promise.resolve(),
      rebuild: () => Promise.resolve(device.status),
    },
    encoders: {
      restore: () => Promise.resolve(),
      onDevice: () => Promise.resolve({ encode: (windows) => encode(windows, hooks) }),
      release: () => undefined,
    },
    pool: {
      size: 2,
      prepare: ({ path }) =>
        Promise.resolve({
          contentHash: path,
          durationSec: 0.1,
          examples: [{ version: 0, windows: [Float32Array.of(Number.parseInt(path, 10), 1, 2)] }],
          timings: { decodeMs: 0, resampleMs: 0, augmentMs: 0 },
        }),
      prepareWindows: () => {
        throw new Error('No clip of these tests is long.');
      },
    },
    events,
    openFile: (_dataset, path) => Promise.resolve(new File([], path, { lastModified: 0 })),
    isWritable: () => true,
    announceStorage: () => undefined,
  });
  return {
    job,
    store,
    told,
    async run() {
      runner.start(job);
      do await new Promise((resolve) => setTimeout(resolve));
      while (job.isActive);
      return job.status(true);
    },
    status: () => job.status(true),
    shards: async () => (await record.shards()).map(({ name }) => name),
    async merged() {
      await job.refresh();
      const file = await mergeExtraction(store, job, () => null);
      return Buffer.from(await new Response(file.stream()).arrayBuffer());
    },
  };
}

/** Sums of a window in as many ways as the row is wide: what a clip gives depends on the clip alone. */
async function encode(
  windows: readonly Float32Array[],
  { encode: before }: ExtractionHooks,
): Promise<EncodedWaveform[]> {
  const encoded: EncodedWaveform[] = [];
  for (const window of windows) {
    const [index = 0] = window;
    await before?.(index);
    const mean = Float32Array.from({ length: WIDTH }, (_, d) => Math.sin(index * (d + 1)));
    encoded.push({ frameCount: 1, frames: null, mean, squaredDeviations: null });
  }
  return encoded;
}

const device: Device = {
  status: {
    backend: 'wasm',
    adapter: null,
    isSoftware: false,
    threads: 1,
    explanation: '',
    selfTest: 'passed',
  },
  generation: 1,
  lost: new Promise(() => {}),
  checkFaults: () => Promise.resolve(),
  nameError: (error) => error,
  trim: () => undefined,
  pooledBytes: () => 0,
  noteSelfTest: () => undefined,
  dispose: () => undefined,
};

/** The store, with a word before a shard is written and one before it is acknowledged. */
function hooked(store: RecordStore, { write, acknowledge }: ExtractionHooks): RecordStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'append')
        return async (...[job, kind, key, meta, payload]: Parameters<RecordStore['append']>) => {
          if (kind === 'shard') await write?.(key);
          const ref = await target.append(job, kind, key, meta, payload);
          if (kind === 'shard') await acknowledge?.(key);
          return ref;
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
