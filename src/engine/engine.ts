import { resample } from '../audio/resample.ts';
import { DecodePool } from '../audio/pool.ts';
import type { Intake } from '../dataset/found-file.ts';
import type { RecordStore } from '../shards/store.ts';
import { DatasetRegistry } from './dataset-registry.ts';
import { DeviceManager } from './device-manager.ts';
import { BUILT_IN, EncoderRegistry } from './encoder-registry.ts';
import { errorInWords, InvalidRequestError } from './errors.ts';
import { EventHub } from './event-hub.ts';
import { clearExports } from './export-file.ts';
import { ExtractionRegistry } from './extraction/extraction-registry.ts';
import { ExtractionRunner } from './extraction/extraction-runner.ts';
import type {
  AudioInput,
  BackendChoice,
  ClipHiddenStates,
  DatasetOptions,
  DatasetOrigin,
  EngineEvent,
  ExtractRequest,
  ResumeOptions,
  StorageStatus,
} from './protocol.ts';
import { RemoteJobs } from './remote-jobs.ts';
import { createTraining } from './training/training.ts';
import { StoreHolder } from './store-holder.ts';

const SAMPLE_RATE = 16_000;

/** The rooms joined: what the worker exposes to the page. Its type is the protocol of calls. */
export function createEngine(choice: BackendChoice) {
  const events = new EventHub();
  const pool = new DecodePool();
  const devices = new DeviceManager(events, choice);
  const encoders = new EncoderRegistry(devices, events);
  const remote = new RemoteJobs(events);
  const stores = new StoreHolder((store) => welcome(store));
  const datasets = new DatasetRegistry(pool, events, () => stores.open());
  const runner = new ExtractionRunner({
    devices,
    encoders,
    pool,
    events,
    openFile: (datasetId, path) => Promise.resolve(datasets.openFile(datasetId, path)),
    isWritable: () => stores.isWritable,
    announceStorage,
  });
  const extractions = new ExtractionRegistry({
    stores,
    datasets,
    encoders,
    runner,
    events,
    freeBytes: async () => (await storage()).freeBytes,
  });
  const training = createTraining({ stores, datasets, encoders, devices, extractions, pool, remote, events });

  /** Says what opening the store repaired, and follows what another tab writes or this one takes over. */
  function welcome(store: RecordStore): void {
    for (const text of store.recovery.notices) events.emit({ type: 'notice', level: 'info', text });
    if (!store.writable) store.subscribe(() => void follow());
    if (isStarted) void follow();
  }

  async function follow(): Promise<void> {
    try {
      await datasets.recall();
      await extractions.refresh();
      await training.refresh();
      if (stores.isWritable) extractions.announce();
    } catch (error) {
      events.emit({ type: 'notice', level: 'error', text: errorInWords(error).reason });
    }
  }

  let starting: Promise<void> | null = null;
  let isStarted = false;
  /** Opens the store and reads what earlier sessions left; every call that needs them waits for it. */
  function started(): Promise<void> {
    starting ??= (async () => {
      const store = await stores.open();
      if (store.writable) await clearExports();
      await datasets.recall();
      await extractions.refresh();
      await training.refresh();
      // Tabs that watch hear from a writer that was reloaded; one that watches asks.
      if (store.writable) extractions.announce();
      else remote.ask();
      isStarted = true;
    })();
    starting.catch(() => {
      starting = null;
    });
    return starting;
  }

  /** Does something with the extractions once those of earlier sessions are known. */
  async function ready<Result>(
    use: (known: ExtractionRegistry) => Result | Promise<Result>,
  ): Promise<Result> {
    await started();
    return use(extractions);
  }

  async function storage(): Promise<StorageStatus> {
    const [{ quota = 0, usage = 0 }, persisted] = await Promise.all([
      navigator.storage.estimate(),
      navigator.storage.persisted(),
    ]);
    return { usedBytes: usage, freeBytes: quota - usage, persisted };
  }

  let storageTimer: ReturnType<typeof setTimeout> | null = null;
  /** Estimating takes a while, and every shard asks for it: once in two seconds is enough. */
  function announceStorage(): void {
    storageTimer ??= setTimeout(() => {
      storageTimer = null;
      storage().then(
        (status) => events.emit({ type: 'storage', storage: status }),
        (error: unknown) => console.warn('The browser did not say how much room there is.', error),
      );
    }, 2000);
  }

  return {
    subscribe(listener: (event: EngineEvent) => void): void {
      events.subscribe(listener);
      remote.follow(
        () => stores.isWritable,
        () => extractions.list(),
      );
    },
    /** Opens the store; gives the name of this session, for the page to note when it is left in order. */
    async start(endedSession: string | null): Promise<string | null> {
      stores.endedSession = endedSession;
      await started();
      return stores.current.session;
    },

    device: () => devices.status(),
    useDevice: (wanted: BackendChoice) => devices.use(wanted),

    async openDataset(found: Omit<Intake, 'directory'>, origin: DatasetOrigin, options: DatasetOptions) {
      await started();
      return datasets.open(found, origin, options);
    },
    async openDemo() {
      await started();
      return datasets.openDemo();
    },
    async datasets() {
      await started();
      return datasets.list();
    },
    async useLabelScheme(id: string, scheme: string) {
      await started();
      return datasets.useScheme(id, scheme);
    },
    async utterances(id: string, start: number, end: number) {
      await started();
      return datasets.utterances(id, start, end);
    },

    loadEncoder: (source: string | readonly File[], hub?: string) => encoders.load(source, hub),
    encoders: () => encoders.list(),
    async embed(clips: readonly AudioInput[], encoderId?: string): Promise<ClipHiddenStates[]> {
      const id = encoderId ?? encoders.latest ?? (await encoders.load(BUILT_IN)).id;
      const encoder = await encoders.onDevice(id);
      const results: ClipHiddenStates[] = [];
      for (const { samples, sampleRate } of clips) {
        if (!(sampleRate > 0))
          throw new InvalidRequestError(`A sample rate of ${sampleRate} Hz makes no sense.`);
        results.push(
          await encoder.hiddenStates(resample(new Float32Array(samples), sampleRate, SAMPLE_RATE)),
        );
      }
      return results;
    },

    async extract(request: ExtractRequest) {
      await started();
      return extractions.start(request);
    },
    async jobs() {
      await started();
      await remote.look();
      return extractions.list().map((job) => remote.latest(job));
    },
    async job(id: string) {
      await started();
      await remote.look();
      return remote.latest(extractions.status(id));
    },
    /** @throws NotWriterError in a tab that only watches */
    async requireWriter(): Promise<void> {
      await started();
      await stores.writer();
    },
    pause: (id: string) => ready((known) => known.end(id, 'pause')),
    resume: (id: string, options?: ResumeOptions) => ready((known) => known.resume(id, options)),
    stop: (id: string) => ready((known) => known.end(id, 'stop')),
    finished: (id: string) => ready((known) => known.finished(id)),
    verify: (id: string) => ready((known) => known.verify(id)),
    repair: (id: string) => ready((known) => known.repair(id)),
    compact: (id: string) => ready((known) => known.compact(id)),
    remove: (id: string) => ready((known) => known.remove(id)),
    difference: (a: string, b: string) => ready((known) => known.difference(a, b)),
    exportEmbeddings: (id: string) => ready((known) => known.exportFile(id)),
    saveEmbeddings: (id: string, target: FileSystemFileHandle) => ready((known) => known.save(id, target)),
    exportShard: (id: string, name: string) => ready((known) => known.exportShard(id, name)),

    storage,

    ...training.calls(started),
  };
}

export type Engine = ReturnType<typeof createEngine>;
