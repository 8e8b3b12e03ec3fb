import { describeDifference, extractionId } from '../../experiments/extraction-id.ts';
import type { ClipLabels } from '../../export/embeddings-npz.ts';
import type { RecordStore } from '../../shards/store.ts';
import { outdatedShards } from './changed-files.ts';
import type { DatasetRegistry } from '../dataset-registry.ts';
import type { EncoderRegistry } from '../encoder-registry.ts';
import { errorInWords, UnknownIdError } from '../errors.ts';
import type { EventHub } from '../event-hub.ts';
import { saveTo, writeExport } from '../export-file.ts';
import { exportName, mergeExtraction, shardFile } from './extraction-export.ts';
import { ExtractionJob } from './extraction-job.ts';
import { ExtractionRecord, type ExtractionSpec } from './extraction-record.ts';
import { expectedBytes, paceOf, requireSpace, settingsOf } from './extraction-request.ts';
import type { ExtractionRunner } from './extraction-runner.ts';
import type {
  CompactReport,
  ExtractRequest,
  JobState,
  JobStatus,
  ResumeOptions,
  VerifyReport,
} from '../protocol.ts';
import type { StoreHolder } from '../store-holder.ts';

export interface RegistryParts {
  readonly stores: Pick<StoreHolder, 'current' | 'isWritable' | 'open' | 'writer'>;
  readonly datasets: Pick<
    DatasetRegistry,
    'get' | 'hasFiles' | 'labels' | 'openFile' | 'remember' | 'requireFiles'
  >;
  readonly encoders: Pick<EncoderRegistry, 'get'>;
  readonly runner: Pick<ExtractionRunner, 'announce' | 'start'>;
  readonly events: EventHub;
  /** Bytes that the browser says it would still take; asked before an extraction is started. */
  readonly freeBytes: () => Promise<number>;
}

/** States in which nothing runs and a stop still changes something. */
const STOPPABLE: ReadonlySet<JobState> = new Set(['paused', 'interrupted', 'failed']);

/** Knows every extraction of the store; starts, ends, checks, exports and removes them. */
export class ExtractionRegistry {
  readonly #parts: RegistryParts;
  readonly #jobs = new Map<string, ExtractionJob>();

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /** Reads the store's extractions; called at the start and whenever another tab changed them. */
  async refresh(): Promise<void> {
    const store = await this.#store();
    const present = new Set(await store.jobs());
    for (const id of present) {
      const known = this.#jobs.get(id);
      if (known) await known.follow();
      else await this.#readJob(id);
    }
    for (const [id, job] of this.#jobs)
      if (!present.has(id) && !job.isActive) {
        this.#jobs.delete(id);
        this.#parts.events.emit({ type: 'job-removed', id });
      }
  }

  /** Tells every listener how each extraction stands. */
  announce(): void {
    for (const job of this.#jobs.values()) this.#parts.runner.announce(job);
  }

  list(): JobStatus[] {
    return [...this.#jobs.values()].map((job) => this.#status(job));
  }

  status(id: string): JobStatus {
    return this.#status(this.job(id));
  }

  /** The extraction itself, for those that read its shards. @throws UnknownIdError */
  job(id: string): ExtractionJob {
    const job = this.#jobs.get(id);
    if (!job) throw new UnknownIdError('extraction', id);
    return job;
  }

  /**
   * Starts an extraction, or goes on with the one that has the same clips, encoder and settings: finished work is never
   * done twice. Resolves with its id as soon as it is recorded.
   * @throws NotEnoughSpaceError before anything is written
   */
  async start(request: ExtractRequest): Promise<string> {
    const { stores, datasets, encoders, freeBytes } = this.#parts;
    await stores.writer();
    const dataset = datasets.get(request.dataset);
    const { status: encoder, source } = encoders.get(request.encoder);
    const settings = settingsOf(request, encoder);
    const clips = dataset.utterances.map(({ path, sizeBytes, durationSec }) => ({
      path,
      sizeBytes,
      durationSec,
    }));
    const id = await extractionId({ clips, encoderId: encoder.id, settings });
    const known = this.#jobs.get(id);
    if (known) {
      await this.resume(id, request);
      return id;
    }
    const pace = paceOf(request);
    requireSpace(
      expectedBytes(
        settings,
        encoder.hiddenSize,
        clips.length * (1 + settings.augmentations.versions),
        clips.reduce((sum, { durationSec }) => sum + (durationSec ?? 0), 0),
      ),
      await freeBytes(),
    );
    const spec: ExtractionSpec = {
      format: 1,
      dataset: { id: dataset.id, name: dataset.name },
      encoder: {
        id: encoder.id,
        name: encoder.name,
        source,
        layers: encoder.layers,
        hiddenSize: encoder.hiddenSize,
        weightsHash: encoder.weightsHash,
      },
      settings,
      createdAt: new Date().toISOString(),
      clips,
    };
    const record = new ExtractionRecord(() => stores.current, id);
    await record.writeSpec(spec);
    await record.writeProgress({ state: 'running', notice: null, pace });
    await datasets.remember(dataset.id);
    const job = new ExtractionJob(record, spec, { state: 'running', notice: null, pace });
    this.#jobs.set(id, job);
    this.#parts.runner.start(job);
    return id;
  }

  /**
   * Goes on from the last committed shard; a running extraction is left alone. Of a finished one only what was asked
   * for again (`retryFailed`) and clips whose files have changed are computed.
   */
  async resume(id: string, options: ResumeOptions = {}): Promise<JobStatus> {
    const { stores, datasets, runner } = this.#parts;
    const store = await stores.writer();
    const job = this.job(id);
    if (job.isActive) {
      job.endRequest = null;
      return this.#status(job);
    }
    await job.refresh();
    job.pace = paceOf(options, job.pace);
    const { dataset } = job.spec;
    if (datasets.hasFiles(dataset.id)) await this.#forgetOutdated(job, store);
    if (options.retryFailed) job.retryFailed();
    if (job.isComplete && job.state === 'finished') return this.#status(job);
    if (!job.isComplete) await datasets.requireFiles(dataset.id, dataset.name);
    job.clearDamage();
    // Asked for twice at once: the first one has begun meanwhile.
    if (!job.isActive) runner.start(job);
    return this.#status(job);
  }

  /** Takes out the shards of files that hold something else now, and says so. */
  async #forgetOutdated(job: ExtractionJob, store: RecordStore): Promise<void> {
    const { datasets, events } = this.#parts;
    const outdated = await outdatedShards(job, store, (path) => datasets.openFile(job.spec.dataset.id, path));
    if (outdated.length === 0) return;
    for (const { shard } of outdated) await job.record.forgetShard(shard.name);
    await job.refresh();
    const paths = outdated.flatMap((each) => each.paths);
    const others = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
    events.emit({
      type: 'notice',
      level: 'warning',
      text:
        `“${paths[0]}”${others} changed since ${paths.length > 1 ? 'they were' : 'it was'} embedded. ` +
        `${outdated.length === 1 ? 'Its shard is' : `Their ${outdated.length} shards are`} computed again.`,
    });
  }

  /**
   * Ends after the batch in hand, which is kept; `pause` and `stop` differ in whether `finished` goes on waiting.
   * @throws NotWriterError in a tab that only watches
   */
  async end(id: string, request: 'pause' | 'stop'): Promise<JobStatus> {
    await this.#parts.stores.writer();
    const job = this.job(id);
    if (job.state === 'running') {
      job.endRequest = request;
      while (job.isActive && job.endRequest === request)
        await new Promise((resolve) => setTimeout(resolve, 20));
    } else if (job.state === 'queued' || (request === 'stop' && STOPPABLE.has(job.state))) {
      await job.setState(request === 'pause' ? 'paused' : 'stopped', null);
      this.#parts.runner.announce(job);
      job.announceEnd();
    }
    return this.#status(job);
  }

  async finished(id: string): Promise<JobStatus> {
    const job = this.job(id);
    await job.ended();
    return this.#status(job);
  }

  /** Reads every record and checks its digest. What this session knows by heart is written anew at once. */
  async verify(id: string): Promise<VerifyReport> {
    const job = this.job(id);
    const store = await this.#store();
    const { checked, damaged } = await store.verify(id);
    const names = damaged.filter(({ kind }) => kind === 'shard').map(({ key }) => key);
    if (store.writable && damaged.length > names.length) await job.rewriteNotes();
    await job.refresh();
    job.markVerified(names);
    if (names.length > 0 && job.state === 'finished') job.state = 'interrupted';
    this.#parts.runner.announce(job);
    const summary =
      names.length === 0
        ? `All ${checked} records are as they were written.`
        : `${names.length} of ${checked} records ${names.length === 1 ? 'is' : 'are'} damaged: ${names.join(', ')}. Repair redoes only ${names.length === 1 ? 'this one' : 'these'}.`;
    return { checked, damaged: names, summary };
  }

  /** Verifies, takes out what is damaged, and computes just that again; without the files that waits for `resume`. */
  async repair(id: string): Promise<JobStatus> {
    const { stores, datasets, runner } = this.#parts;
    await stores.writer();
    const job = this.job(id);
    const { damaged } = await this.verify(id);
    for (const name of damaged) await job.record.forgetShard(name);
    await job.refresh();
    if (job.isComplete || job.isActive) return this.#status(job);
    if (datasets.hasFiles(job.spec.dataset.id)) return this.resume(id);
    job.notice = `What was damaged has been taken out. Open “${job.spec.dataset.name}” again and resume: only that is computed.`;
    runner.announce(job);
    return this.#status(job);
  }

  async compact(id: string): Promise<CompactReport> {
    return (await this.#parts.stores.writer()).compact(this.job(id).id);
  }

  async remove(id: string): Promise<void> {
    const store = await this.#parts.stores.writer();
    if (this.job(id).isActive) await this.end(id, 'stop');
    await store.removeJob(id);
    this.#jobs.delete(id);
    this.#parts.events.emit({ type: 'job-removed', id });
  }

  difference(a: string, b: string): string[] {
    const [first, second] = [this.job(a).spec, this.job(b).spec].map(({ clips, encoder, settings }) => ({
      clips,
      encoderId: encoder.id,
      encoderName: encoder.name,
      settings,
    }));
    return describeDifference(first!, second!);
  }

  async exportFile(id: string): Promise<File> {
    const job = this.job(id);
    const merged = await this.#merged(job);
    return writeExport(merged.pieces(), exportName(job));
  }

  async save(id: string, target: FileSystemFileHandle): Promise<void> {
    const merged = await this.#merged(this.job(id));
    await saveTo(merged.pieces(), target);
  }

  async exportShard(id: string, name: string): Promise<File> {
    return shardFile(await this.#store(), this.job(id), name);
  }

  /** Every shard's digest is checked before a merged file is written. */
  async #merged(job: ExtractionJob) {
    const { damaged } = await this.verify(job.id);
    if (damaged.length > 0)
      this.#parts.events.emit({
        type: 'notice',
        level: 'warning',
        text: `${damaged.length} damaged ${damaged.length === 1 ? 'shard is' : 'shards are'} left out of the export: ${damaged.join(', ')}. Repair redoes ${damaged.length === 1 ? 'it' : 'them'}.`,
      });
    const labels = this.#parts.datasets.labels(job.spec.dataset.id);
    const none: ClipLabels = { label: null, speaker: null, split: null };
    return mergeExtraction(await this.#store(), job, (path) => labels.get(path) ?? none);
  }

  async #readJob(id: string): Promise<void> {
    const record = new ExtractionRecord(() => this.#parts.stores.current, id);
    let spec: ExtractionSpec | null;
    try {
      spec = await record.readSpec();
    } catch (error) {
      const { errorName } = errorInWords(error);
      if (errorName !== 'DamagedRecordError') throw error;
      this.#parts.events.emit({
        type: 'notice',
        level: 'warning',
        text:
          `The description of extraction ${id.slice(0, 8)} is damaged on disk. Its shards are safe: start an extraction ` +
          'of the same folder with the same encoder and settings, and it goes on with them.',
      });
      return;
    }
    if (!spec) return;
    const job = new ExtractionJob(record, spec, { state: 'running', notice: null, pace: paceOf({}) });
    await job.follow();
    if (!this.#jobs.has(id)) this.#jobs.set(id, job);
  }

  #store(): Promise<RecordStore> {
    return this.#parts.stores.open();
  }

  #status(job: ExtractionJob): JobStatus {
    return job.status(this.#parts.stores.isWritable);
  }
}
