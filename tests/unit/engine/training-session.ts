import { EventHub } from '../../../src/engine/event-hub.ts';
import { CrossValidations } from '../../../src/engine/training/cross-validations.ts';
import { keepFile, openFile, openKeptFile } from '../../../src/engine/training/file-source.ts';
import type { EngineEvent } from '../../../src/engine/protocol.ts';
import type { RunSource } from '../../../src/engine/training/run-record.ts';
import { RunRegistry } from '../../../src/engine/training/run-registry.ts';
import { RunRunner } from '../../../src/engine/training/run-runner.ts';
import type { TrainingDevices } from '../../../src/engine/training/training-devices.ts';
import { TrainingJudge } from '../../../src/engine/training/training-judge.ts';
import type { TrainingSource } from '../../../src/engine/training-protocol.ts';
import type { TrainingSources } from '../../../src/engine/training/training-sources.ts';
import { NotWriterError } from '../../../src/shards/errors.ts';
import { MemoryDisk, openMemoryStore } from '../../../src/shards/memory.ts';
import { encodeNpz } from '../../../src/shards/npz.ts';
import type { RecordStore } from '../../../src/shards/store.ts';
import { stateDigest } from '../../../src/training/checkpoint.ts';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { blobs } from '../training/blobs.ts';

const compute = await openWasmCompute();

/** Trains on the processor alone. */
export const processor: TrainingDevices = {
  preferred: () => Promise.resolve('wasm'),
  open: () =>
    Promise.resolve({
      compute,
      backend: 'wasm',
      name: 'wasm',
      checkFaults: () => Promise.resolve(),
      nameError: (error: unknown) => error,
    }),
  rebuild: () => Promise.resolve(),
};

/** An `.npz` of clouds as it could be brought along. */
export function cloudsFile({ count = 90, classes = 3, speakers = 6, size = 6, spread = 1 } = {}): File {
  const { features, labels } = blobs(count, classes, { kind: 'vector', size }, 3, spread);
  const bytes = encodeNpz({
    embeddings: { shape: [count, size], data: features },
    labels: { shape: [count], data: Array.from(labels, (label) => `class ${label}`) },
    speakers: {
      shape: [count],
      data: Array.from(labels, (_, i) => `speaker ${Math.floor(i / classes) % speakers}`),
    },
    paths: { shape: [count], data: Array.from(labels, (_, i) => `clip_${i}.wav`) },
  });
  return new File([bytes], 'clouds.npz');
}

/** One tab's share of training on a disk: opened again on the same disk, it is a page that was reloaded. */
export interface TrainingSession {
  readonly store: RecordStore;
  readonly runs: RunRegistry;
  readonly judge: TrainingJudge;
  readonly crossValidations: CrossValidations;
  readonly sources: Pick<TrainingSources, 'keep'>;
  readonly events: EngineEvent[];
  /** Resolves within the turn that tells the first event of this kind from now on. */
  told(isIt: (event: EngineEvent) => boolean): Promise<void>;
  digestOf(id: string, checkpoint?: string): Promise<string>;
}

export async function openSession(disk: MemoryDisk, devices = processor): Promise<TrainingSession> {
  const store = await openMemoryStore(disk, { takeOver: true });
  return sessionOn(store, devices);
}

export async function sessionOn(store: RecordStore, devices = processor): Promise<TrainingSession> {
  const events: EngineEvent[] = [];
  const hub = new EventHub();
  hub.subscribe((event) => events.push(event));
  const stores = {
    current: store,
    isWritable: store.writable,
    open: () => Promise.resolve(store),
    writer: () => (store.writable ? Promise.resolve(store) : Promise.reject(new NotWriterError())),
  };
  const sources = {
    open: (wanted: TrainingSource, layer: number | null) => openFile(wanted as File, layer),
    reopen: (source: RunSource) => openKeptFile(store, source),
    async keep(wanted: TrainingSource, layer: number | null) {
      if (typeof wanted === 'string') throw new Error('These tests train on files.');
      const { id, name } = await keepFile(store, wanted);
      return openKeptFile(store, { kind: 'file', id, name, encoder: null, dataset: null, layer });
    },
  };
  const runner = new RunRunner({
    devices,
    events: hub,
    openSource: sources.reopen,
    isWritable: () => store.writable,
  });
  const runs = new RunRegistry({ stores, sources, devices, runner, events: hub });
  const judge = new TrainingJudge({ devices, runner, sources });
  const crossValidations = new CrossValidations({
    stores,
    sources,
    devices,
    runner,
    events: hub,
    isSourceNeeded: (source) => runs.learnsFrom(source),
    checkpointEveryMs: 0,
  });
  await runs.refresh();
  await crossValidations.refresh();
  return {
    store,
    runs,
    judge,
    crossValidations,
    sources,
    events,
    told: (isIt) =>
      new Promise((resolve) => {
        const stop = hub.subscribe((event) => {
          if (!isIt(event)) return;
          stop();
          resolve();
        });
      }),
    async digestOf(id, checkpoint) {
      const job = runs.job(id);
      await job.refresh();
      const stored = checkpoint ? job.checkpoint(checkpoint) : job.last;
      if (!stored) throw new Error('The run has no checkpoint.');
      return stateDigest(await job.read(stored));
    },
  };
}
