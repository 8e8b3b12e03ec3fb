import type { Utterance } from '../../../src/dataset/utterance.ts';
import type {
  BackendChoice,
  CompactReport,
  DatasetStatus,
  DeviceStatus,
  EncoderStatus,
  EngineEvent,
  ExtractionPace,
  ExtractRequest,
  JobState,
  JobStatus,
  Playground,
  StorageStatus,
  VerifyReport,
} from '../../../src/engine/protocol.ts';
import { basePlus, cpu, fakeDataset, fakeJob, fakeShards, fakeUtterances, gpu, nano } from './fake-data.ts';

export interface FakeStart {
  readonly device?: DeviceStatus;
  readonly datasets?: readonly DatasetStatus[];
  readonly encoders?: readonly EncoderStatus[];
  readonly jobs?: readonly JobStatus[];
  readonly storage?: StorageStatus;
  /** Milliseconds between steps of running jobs; 0 keeps every job where it stands. */
  readonly stepMs?: number;
}

/** A playground without an engine: same interface, same events, made-up numbers. */
export class FakePlayground implements Playground {
  /** Every call in order, `method(first argument)`. */
  readonly calls: string[] = [];
  #device: DeviceStatus;
  #datasets: DatasetStatus[];
  #encoders: EncoderStatus[];
  #jobs: Map<string, JobStatus>;
  #storage: StorageStatus;
  #listeners = new Set<(event: EngineEvent) => void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(start: FakeStart = {}) {
    this.#device = start.device ?? gpu;
    this.#datasets = [...(start.datasets ?? [])];
    this.#encoders = [...(start.encoders ?? [])];
    this.#jobs = new Map((start.jobs ?? []).map((job) => [job.id, job]));
    this.#storage = start.storage ?? { usedBytes: 214e6, freeBytes: 48.6e9, persisted: true };
    if (start.stepMs) this.#timer = setInterval(() => this.#step(), start.stepMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  device(): Promise<DeviceStatus> {
    return Promise.resolve(this.#device);
  }

  useDevice(choice: BackendChoice): Promise<DeviceStatus> {
    this.calls.push(`useDevice(${choice})`);
    this.#device = choice === 'wasm' ? cpu : gpu;
    return Promise.resolve(this.#device);
  }

  openDataset(source: Parameters<Playground['openDataset']>[0]): Promise<DatasetStatus> {
    const files = 'length' in source ? source.length : 7442;
    this.calls.push(`openDataset(${files})`);
    if (files === 0) return Promise.reject(new Error('The folder holds no files.'));
    return Promise.resolve(this.#addDataset(fakeDataset(files)));
  }

  openDemo(): Promise<DatasetStatus> {
    this.calls.push('openDemo()');
    return Promise.resolve(this.#addDataset(fakeDataset(96, { name: 'Demo', rejects: [], notices: [] })));
  }

  datasets(): Promise<readonly DatasetStatus[]> {
    return Promise.resolve(this.#datasets);
  }

  utterances(datasetId: string, start = 0, end?: number): Promise<readonly Utterance[]> {
    const dataset = this.#datasets.find(({ id }) => id === datasetId);
    return Promise.resolve(fakeUtterances(dataset?.clips ?? 0).slice(start, end));
  }

  labelSchemes(): ReturnType<Playground['labelSchemes']> {
    return Promise.resolve([
      { id: 'parent-folder', title: 'Name of the parent folder', example: 'angry/clip1.wav → angry' },
      { id: 'crema-d', title: 'CREMA-D file names', example: '1001_DFA_ANG_XX.wav → anger' },
      { id: 'emo-db', title: 'EMO-DB file names', example: '03a01Wa.wav → anger' },
      { id: 'none', title: 'No labels', example: 'clip1.wav → –' },
    ]);
  }

  useLabelScheme(datasetId: string, scheme: string): Promise<DatasetStatus> {
    this.calls.push(`useLabelScheme(${scheme})`);
    const dataset = this.#datasets.find(({ id }) => id === datasetId);
    if (!dataset) return Promise.reject(new Error(`No dataset ${datasetId}.`));
    return Promise.resolve(
      this.#addDataset({ ...dataset, labelScheme: { id: scheme, title: scheme, detected: false } }),
    );
  }

  reopenFolder(datasetId: string): Promise<DatasetStatus> {
    this.calls.push(`reopenFolder(${datasetId})`);
    const dataset = this.#datasets.find(({ id }) => id === datasetId);
    if (!dataset) return Promise.reject(new Error('The folder is not remembered: drop it again.'));
    return Promise.resolve(this.#addDataset({ ...dataset, filesAvailable: true }));
  }

  loadEncoder(source: string | readonly File[]): Promise<EncoderStatus> {
    this.calls.push(`loadEncoder(${typeof source === 'string' ? source : 'files'})`);
    if (source === 'nobody/nothing')
      return Promise.reject(new Error('huggingface.co has no model nobody/nothing: check the name.'));
    const encoder = source === 'wavlm-nano' ? nano : basePlus;
    if (!this.#encoders.some(({ id }) => id === encoder.id)) this.#encoders.push(encoder);
    return Promise.resolve(encoder);
  }

  encoders(): Promise<readonly EncoderStatus[]> {
    return Promise.resolve(this.#encoders);
  }

  embed(): ReturnType<Playground['embed']> {
    return Promise.resolve([]);
  }

  extract(request: ExtractRequest): Promise<string> {
    this.calls.push(`extract(${JSON.stringify(request)})`);
    const dataset = this.#datasets.find(({ id }) => id === request.dataset) ?? fakeDataset();
    const encoder = this.#encoders.find(({ id }) => id === request.encoder) ?? nano;
    const total = dataset.clips * (1 + (request.augmentations?.versions ?? 0));
    const job = fakeJob(0, {
      id: `x${this.#jobs.size}new`,
      dataset,
      encoder,
      total,
      pace: { shardSize: request.shardSize ?? 100, batchSize: null },
      createdAt: new Date().toISOString(),
      failures: [],
    });
    this.#jobs.set(job.id, job);
    return Promise.resolve(job.id);
  }

  jobs(): Promise<readonly JobStatus[]> {
    return Promise.resolve([...this.#jobs.values()]);
  }

  job(id: string): Promise<JobStatus> {
    const job = this.#jobs.get(id);
    return job ? Promise.resolve(job) : Promise.reject(new Error(`No extraction ${id}.`));
  }

  pause(id: string): Promise<JobStatus> {
    return this.#change(id, 'pause', 'paused');
  }

  resume(id: string, _pace?: Partial<ExtractionPace>): Promise<JobStatus> {
    return this.#change(id, 'resume', 'running');
  }

  stop(id: string): Promise<JobStatus> {
    return this.#change(id, 'stop', 'stopped');
  }

  finished(id: string): Promise<JobStatus> {
    return this.job(id);
  }

  async verify(id: string): Promise<VerifyReport> {
    this.calls.push(`verify(${id})`);
    const job = await this.job(id);
    this.#put({
      ...job,
      shards: job.shards.map((shard) => (shard.state === 'done' ? { ...shard, state: 'verified' } : shard)),
    });
    return { checked: 74, damaged: [], summary: 'All 74 shards match their digests.' };
  }

  repair(id: string): Promise<JobStatus> {
    return this.#change(id, 'repair', 'running');
  }

  compact(id: string): Promise<CompactReport> {
    this.calls.push(`compact(${id})`);
    return Promise.resolve({ freedBytes: 3.4e6 });
  }

  remove(id: string): Promise<void> {
    this.calls.push(`remove(${id})`);
    this.#jobs.delete(id);
    this.emit({ type: 'job-removed', id });
    return Promise.resolve();
  }

  difference(): Promise<readonly string[]> {
    return Promise.resolve(['Layers: layer 12 → layers 0 to 12', 'Pooling: mean over time → every frame']);
  }

  exportEmbeddings(id: string): Promise<File> {
    this.calls.push(`exportEmbeddings(${id})`);
    return Promise.resolve(new File(['PK'], 'embeddings.npz'));
  }

  saveEmbeddings(id: string): Promise<void> {
    this.calls.push(`saveEmbeddings(${id})`);
    return Promise.resolve();
  }

  exportShard(id: string, name: string): Promise<File> {
    this.calls.push(`exportShard(${id}, ${name})`);
    return Promise.resolve(new File(['PK'], name));
  }

  storage(): Promise<StorageStatus> {
    return Promise.resolve(this.#storage);
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #addDataset(dataset: DatasetStatus): DatasetStatus {
    this.#datasets = [dataset, ...this.#datasets.filter(({ id }) => id !== dataset.id)];
    this.emit({ type: 'dataset', dataset });
    return dataset;
  }

  #put(job: JobStatus): JobStatus {
    this.#jobs.set(job.id, job);
    this.emit({ type: 'job', job });
    return job;
  }

  async #change(id: string, call: string, state: JobState): Promise<JobStatus> {
    this.calls.push(`${call}(${id})`);
    return this.#put({ ...(await this.job(id)), state });
  }

  /** Moves every running job on by one and a half per cent. */
  #step(): void {
    for (const job of this.#jobs.values()) {
      if (job.state !== 'running') continue;
      const done = Math.min(job.total, job.done + Math.ceil(job.total * 0.015));
      const { shardSize } = job.pace;
      const reached = Math.floor(done / shardSize);
      const isFinished = done >= job.total;
      this.#put({
        ...job,
        done,
        failed: 0,
        state: isFinished ? 'finished' : 'running',
        shards: fakeShards(job.total, shardSize, (index) =>
          isFinished || index < reached ? 'done' : index === reached ? 'in flight' : 'pending',
        ),
        remainingSec: isFinished ? null : (760 * (job.total - done)) / job.total,
        sizeBytes: done * 768 * 4,
      });
    }
  }
}
