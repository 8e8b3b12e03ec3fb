import { applyChanges, diffConfig, refusedChanges } from '../../training/resume.ts';
import { extendSchedule, previewSchedule } from '../../training/schedule.ts';
import type { Checkpoint } from '../../training/checkpoint.ts';
import type { TrainingConfig } from '../../training/config.ts';
import { ResumeRefusedError } from '../../training/errors.ts';
import type { RecordStore } from '../../shards/store.ts';
import { errorInWords, InvalidRequestError, UnknownIdError } from '../errors.ts';
import type { EventHub } from '../event-hub.ts';
import { isCrossValidated } from './cross-validation-record.ts';
import { dropKeptFile } from './file-source.ts';
import { plannedSteps } from './run-data.ts';
import { RunJob } from './run-job.ts';
import { RunRecord, runIdOf, type RunProgress, type RunSpec } from './run-record.ts';
import { defaultRunName, divide, runIdFor, splitOf } from './run-request.ts';
import { changedConfig, trainingConfigOf } from './train-settings.ts';
import { commitCheckpoint, type RunRunner } from './run-runner.ts';
import type { TrainingDevices } from './training-devices.ts';
import type { ResumePreview, ResumeRequest, RunStatus, TrainRequest } from '../training-protocol.ts';
import type { TrainingSources } from './training-sources.ts';

/** The store as the engine holds it. */
export interface Stores {
  readonly current: RecordStore;
  readonly isWritable: boolean;
  open(): Promise<RecordStore>;
  /** @throws NotWriterError */
  writer(): Promise<RecordStore>;
}

export interface RunRegistryParts {
  readonly stores: Stores;
  readonly sources: Pick<TrainingSources, 'keep'>;
  readonly devices: TrainingDevices;
  readonly runner: RunRunner;
  readonly events: EventHub;
}

/** Points of a learning rate drawn ahead. */
const MOST_RATES = 500;

/** Knows every run of the store; starts, ends, resumes and removes them. */
export class RunRegistry {
  readonly #parts: RunRegistryParts;
  readonly #jobs = new Map<string, RunJob>();
  #counter = 0;

  constructor(parts: RunRegistryParts) {
    this.#parts = parts;
  }

  /** Reads the store's runs; called at the start and whenever another tab changed them. */
  async refresh(): Promise<void> {
    const store = await this.#parts.stores.open();
    const present = new Set<string>();
    for (const job of await store.jobs()) {
      const id = runIdOf(job);
      if (id === null) continue;
      const known = this.#jobs.get(id);
      if (known) await known.refresh();
      else if (!(await this.#recall(id))) continue;
      present.add(id);
    }
    for (const [id, job] of this.#jobs)
      if (!present.has(id) && !job.isActive) {
        this.#jobs.delete(id);
        this.#parts.events.emit({ type: 'run-removed', id });
      }
  }

  async list(): Promise<RunStatus[]> {
    const statuses: RunStatus[] = [];
    for (const id of this.#jobs.keys()) statuses.push(await this.status(id));
    return statuses.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  async status(id: string): Promise<RunStatus> {
    const job = this.job(id);
    await job.loadHistory();
    return job.status(this.#parts.stores.isWritable);
  }

  /** @throws UnknownIdError */
  job(id: string): RunJob {
    const job = this.#jobs.get(id);
    if (!job) throw new UnknownIdError('run', id);
    return job;
  }

  /** Starts a run; resolves with its id as soon as it is recorded. Mistakes in the request are thrown, not recorded. */
  async train(request: TrainRequest): Promise<string> {
    const { stores, sources, devices, runner } = this.#parts;
    await stores.writer();
    const target = request.target ?? 'label';
    const config = trainingConfigOf(request);
    const data = await sources.keep(request.extraction, request.layer ?? null);
    const split = splitOf(request.split, data.rows, target, config.seed);
    const from = request.weights ? await this.#weightsOf(request.weights) : null;
    const spec: RunSpec = {
      format: 1,
      name: request.name ?? defaultRunName(data, target, config),
      source: data.source,
      target,
      split,
      config,
      backend: request.device ?? (await devices.preferred()),
      createdAt: new Date().toISOString(),
      parent: from?.parent ?? null,
      weightsFile: from?.file ?? null,
      ...divide(data.rows, target, split),
    };
    const id = await this.add(spec, request.retention, from?.bytes ?? null);
    runner.start(this.job(id));
    return id;
  }

  /** Records a run without starting it. */
  async add(
    spec: RunSpec,
    retention: RunProgress['retention'] = { kind: 'all' },
    weights: Uint8Array | null = null,
  ): Promise<string> {
    this.#counter += 1;
    const id = await runIdFor(spec, this.#counter);
    const record = new RunRecord(() => this.#parts.stores.current, id);
    const progress: RunProgress = {
      state: 'running',
      notice: null,
      notices: [],
      branches: [{ number: 0, from: null }],
      pinned: [],
      retention,
    };
    if (weights) await record.writeStartWeights(weights);
    await record.writeSpec(spec);
    await record.writeProgress(progress);
    this.#jobs.set(id, new RunJob(record, spec, progress));
    return id;
  }

  /** Ends before the next step, with a checkpoint where it stands. */
  async end(id: string, request: 'pause' | 'stop'): Promise<RunStatus> {
    const { stores, runner } = this.#parts;
    const job = this.job(id);
    if (job.isActive) {
      job.endRequest = request;
      while (job.isActive && job.endRequest === request)
        await new Promise((resolve) => setTimeout(resolve, 20));
    } else if (request === 'stop' && (job.state === 'paused' || job.state === 'interrupted')) {
      await stores.writer();
      await job.setState('stopped', null);
      runner.announce(job);
      job.announceEnd();
    }
    return this.status(id);
  }

  async finished(id: string): Promise<RunStatus> {
    await this.job(id).ended();
    return this.status(id);
  }

  /** What a resume would change, refuse and draw, before anything runs. */
  async previewResume(id: string, request: ResumeRequest = {}): Promise<ResumePreview> {
    const job = this.job(id);
    const { checkpoint } = await this.#standing(job, request);
    const to = wantedConfig(checkpoint?.config ?? job.config, request);
    const steps = plannedSteps(job.spec, to);
    if (!checkpoint) return { changes: diffConfig(job.config, to), refusals: [], learningRate: [] };
    const before = plannedSteps(job.spec, checkpoint.config);
    const schedule =
      before.total === steps.total
        ? checkpoint.schedule
        : extendSchedule(checkpoint.schedule, request.extension ?? 'keep', checkpoint.step, steps.total);
    const rates = previewSchedule(
      to.schedule,
      schedule,
      to.optimizer.learningRate,
      checkpoint.step,
      steps.total,
      steps.perEpoch,
    );
    const every = Math.max(1, Math.ceil(rates.length / MOST_RATES));
    return {
      changes: diffConfig(checkpoint.config, to),
      refusals: refusedChanges(checkpoint, to),
      learningRate: [...rates].flatMap((rate, i) =>
        i % every === 0 ? [[checkpoint.step + i, rate] as const] : [],
      ),
    };
  }

  /**
   * Goes on from the newest checkpoint with the same bits, or from a chosen one and with changes on a branch of its
   * own; the branch that is left stays. Does nothing to a run that is finished or running.
   * @throws ResumeRefusedError listing the changes that make no sense; DamagedRecordError for a chosen checkpoint.
   */
  async resume(id: string, request: ResumeRequest = {}): Promise<RunStatus> {
    const { stores, runner } = this.#parts;
    await stores.writer();
    const job = this.job(id);
    if (job.isActive) {
      if (asksForMore(request))
        throw new InvalidRequestError(
          'This run is running; pause it first, then continue it from another checkpoint or with other settings.',
        );
      job.endRequest = null;
      return this.status(id);
    }
    await job.refresh();
    const { key, checkpoint } = await this.#standing(job, request);
    const current = checkpoint?.config ?? job.config;
    const to = wantedConfig(current, request);
    const differs = diffConfig(current, to).length > 0;
    if (!checkpoint && (differs || request.checkpoint))
      throw new ResumeRefusedError(
        'This run has no checkpoint yet, so there is nothing to continue with other settings; start a fresh run.',
      );
    if (checkpoint && key && (differs || key !== job.last?.key))
      await this.#fork(job, key, checkpoint, to, request);
    else if (job.state === 'finished' && checkpoint && checkpoint.epoch >= current.epochs)
      return this.status(id);
    runner.start(job);
    return this.status(id);
  }

  async remove(id: string): Promise<void> {
    const store = await this.#parts.stores.writer();
    const job = this.job(id);
    if (job.isActive) await this.end(id, 'stop');
    await job.record.remove();
    this.#jobs.delete(id);
    const { source } = job.spec;
    if (source.kind === 'file' && !this.learnsFrom(source.id) && !(await isCrossValidated(store, source.id)))
      await dropKeptFile(store, source.id);
    this.#parts.events.emit({ type: 'run-removed', id });
  }

  /** Whether some run learns from this extraction or kept file. */
  learnsFrom(source: string): boolean {
    return [...this.#jobs.values()].some(({ spec }) => spec.source.id === source);
  }

  /** A new branch begins with a checkpoint of its own, so that what was changed is safe before anything runs. */
  async #fork(
    job: RunJob,
    key: string,
    checkpoint: Checkpoint,
    to: TrainingConfig,
    { extension }: ResumeRequest,
  ): Promise<void> {
    const totalSteps = {
      before: plannedSteps(job.spec, checkpoint.config).total,
      after: plannedSteps(job.spec, to).total,
    };
    const changed = applyChanges(checkpoint, to, totalSteps, extension);
    const { branches } = job.progress;
    const number =
      Math.max(...branches.map((one) => one.number), ...job.allCheckpoints.map(({ meta }) => meta.branch)) +
      1;
    job.progress = { ...job.progress, branches: [...branches, { number, from: key }] };
    try {
      const head = { ...changed, lineage: { ...changed.lineage, createdAt: new Date().toISOString() } };
      await commitCheckpoint(job, head, key, job.checkpoint(key).meta.device);
      await job.setState('paused', null);
    } catch (error) {
      job.progress = { ...job.progress, branches };
      throw error;
    }
    await job.loadHistory();
  }

  /** The checkpoint that a resume starts from: the chosen one, or the newest that can be read. */
  async #standing(
    job: RunJob,
    request: ResumeRequest,
  ): Promise<{ readonly key: string | null; readonly checkpoint: Checkpoint | null }> {
    if (request.checkpoint !== undefined) {
      const stored = job.checkpoint(request.checkpoint);
      return { key: stored.key, checkpoint: await job.read(stored) };
    }
    const found = await job.newestIntact();
    return { key: found?.key ?? null, checkpoint: found?.checkpoint ?? null };
  }

  async #weightsOf(weights: NonNullable<TrainRequest['weights']>): Promise<{
    readonly bytes: Uint8Array;
    readonly parent: RunSpec['parent'];
    readonly file: string | null;
  }> {
    if (weights instanceof File)
      return { bytes: new Uint8Array(await weights.arrayBuffer()), parent: null, file: weights.name };
    const job = this.job(weights.run);
    const stored = weights.checkpoint ? job.checkpoint(weights.checkpoint) : (job.best ?? job.last);
    if (!stored) throw new UnknownIdError('checkpoint', weights.checkpoint ?? 'last');
    const parent = { run: job.id, checkpoint: stored.key };
    return { bytes: await job.record.read(stored), parent, file: null };
  }

  async #recall(id: string): Promise<boolean> {
    const record = new RunRecord(() => this.#parts.stores.current, id);
    let spec: RunSpec | null;
    try {
      spec = await record.readSpec();
    } catch (error) {
      // One run that cannot be read may not keep the others from being shown.
      this.#parts.events.emit({
        type: 'notice',
        level: 'error',
        text: `The run ${id} cannot be read and is left out: ${errorInWords(error).reason}`,
      });
      return false;
    }
    const progress = await record.readProgress();
    if (!spec || !progress) return false;
    const job = new RunJob(record, spec, progress);
    await job.refresh();
    this.#jobs.set(id, job);
    return true;
  }
}

function wantedConfig(config: TrainingConfig, { changes, epochs }: ResumeRequest): TrainingConfig {
  return changedConfig(config, { ...changes, ...(epochs === undefined ? {} : { epochs }) });
}

function asksForMore({ checkpoint, changes, epochs }: ResumeRequest): boolean {
  return checkpoint !== undefined || changes !== undefined || epochs !== undefined;
}
