import { groupReader } from '../../dataset/grouping.ts';
import { createFolds, SplitError, type FoldItem, type FoldMethod } from '../../dataset/split.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { sha256Text } from '../../lib/digest.ts';
import { encodeCheckpoint, type Checkpoint } from '../../training/checkpoint.ts';
import { asJson } from '../../training/config.ts';
import { crossValidate } from '../../training/cross-validate.ts';
import { ResumeRefusedError } from '../../training/errors.ts';
import type { Examples } from '../../training/examples.ts';
import { dataDigest } from '../../training/preflight.ts';
import { CrossValidationPausedError, errorInWords, UnknownIdError } from '../errors.ts';
import type { EventHub } from '../event-hub.ts';
import type {
  CrossValidationRequest,
  CrossValidationResult,
  CrossValidationStatus,
} from '../training-protocol.ts';
import { isDeviceFault } from '../extraction/extraction-run.ts';
import { CrossValidationJob } from './cross-validation-job.ts';
import {
  CrossValidationRecord,
  crossValidationIdOf,
  type CrossValidationProgress,
  type CrossValidationSpec,
} from './cross-validation-record.ts';
import { dropKeptFile } from './file-source.ts';
import { readExamples } from './run-data.ts';
import type { Stores } from './run-registry.ts';
import { originalsOf, tableOf, type SplitItem } from './run-request.ts';
import { PAUSING, type RunRunner } from './run-runner.ts';
import { trainingConfigOf } from './train-settings.ts';
import type { TrainingDevice, TrainingDevices } from './training-devices.ts';
import type { SourceRow } from './training-source.ts';
import type { TrainingSources } from './training-sources.ts';

export interface CrossValidationsParts {
  readonly stores: Stores;
  readonly sources: Pick<TrainingSources, 'keep' | 'reopen'>;
  readonly devices: TrainingDevices;
  readonly runner: RunRunner;
  readonly events: EventHub;
  /** Whether some run learns from a kept file. */
  readonly isSourceNeeded: (source: string) => boolean;
  /** Least time between two checkpoints of a fold; what is trained in between is done again after a crash. */
  readonly checkpointEveryMs?: number;
}

const FOLDS = 5;
const CHECKPOINT_EVERY_MS = 3000;
const ATTEMPTS = 3;

/** Knows every cross-validation of the store; carries them out fold by fold, in turn with the runs. */
export class CrossValidations {
  readonly #parts: CrossValidationsParts;
  readonly #jobs = new Map<string, CrossValidationJob>();
  readonly #working = new Map<string, Promise<CrossValidationResult>>();

  constructor(parts: CrossValidationsParts) {
    this.#parts = parts;
  }

  /** Reads the store's; called at the start and whenever another tab changed them. */
  async refresh(): Promise<void> {
    const { stores, events } = this.#parts;
    const store = await stores.open();
    const present = new Set<string>();
    for (const job of await store.jobs()) {
      const id = crossValidationIdOf(job);
      if (id === null) continue;
      const known = this.#jobs.get(id);
      if (known) await known.refresh();
      else if (!(await this.#recall(id))) continue;
      if (!stores.isWritable) this.#announce(this.#job(id));
      present.add(id);
    }
    for (const [id, job] of this.#jobs)
      if (!present.has(id) && !job.isActive) {
        this.#jobs.delete(id);
        events.emit({ type: 'cross-validation-removed', id });
      }
  }

  list(): CrossValidationStatus[] {
    const { isWritable } = this.#parts.stores;
    return [...this.#jobs.values()]
      .map((job) => job.status(isWritable))
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /**
   * Trains once per fold and pools the predictions. What an earlier session kept of the same cross-validation (same
   * embeddings, labels, folds, settings and device) is not trained again.
   * @throws CrossValidationPausedError when it was paused; SplitError, TrainingDataError before anything is recorded.
   */
  async start(request: CrossValidationRequest): Promise<CrossValidationResult> {
    await this.#parts.stores.writer();
    const spec = await this.#specOf(request);
    const { createdAt: _createdAt, ...identity } = spec;
    const id = (await sha256Text(canonicalJson(asJson(identity)))).slice(0, 16);
    if (!this.#jobs.has(id)) {
      const record = new CrossValidationRecord(() => this.#parts.stores.current, id);
      const progress: CrossValidationProgress = { state: 'running', notice: null };
      await record.writeSpec(spec);
      await record.writeProgress(progress);
      this.#jobs.set(id, new CrossValidationJob(id, record, spec, progress));
    }
    return this.resume(id);
  }

  /** Goes on with the next fold, or gives the result of one that is finished. @throws UnknownIdError and as `start` */
  async resume(id: string): Promise<CrossValidationResult> {
    const { stores, runner } = this.#parts;
    const job = this.#job(id);
    const working = this.#working.get(id);
    if (working) {
      job.isAskedToPause = false;
      return working;
    }
    await job.refresh();
    await job.load();
    const result = job.result();
    if (result) return result;
    await stores.writer();
    job.state = 'queued';
    job.isAskedToPause = false;
    this.#announce(job);
    const work = runner.inTurn(() => this.#carryOut(job));
    this.#working.set(id, work);
    try {
      return await work;
    } finally {
      this.#working.delete(id);
    }
  }

  /** Ends before the next step, with a checkpoint of the fold in hand. */
  async pause(id: string): Promise<CrossValidationStatus> {
    const job = this.#job(id);
    job.isAskedToPause = true;
    // Who started it hears of the end; here only the waiting matters.
    await this.#working.get(id)?.catch(() => undefined);
    return job.status(this.#parts.stores.isWritable);
  }

  async remove(id: string): Promise<void> {
    const { stores, events, isSourceNeeded } = this.#parts;
    const store = await stores.writer();
    const job = this.#job(id);
    await this.pause(id);
    await job.record.remove();
    this.#jobs.delete(id);
    const { source } = job.spec;
    const isNeeded =
      isSourceNeeded(source.id) || [...this.#jobs.values()].some(({ spec }) => spec.source.id === source.id);
    if (source.kind === 'file' && !isNeeded) await dropKeptFile(store, source.id);
    events.emit({ type: 'cross-validation-removed', id });
  }

  async #carryOut(job: CrossValidationJob): Promise<CrossValidationResult> {
    const { sources } = this.#parts;
    const { spec } = job;
    try {
      if (!job.isAskedToPause) {
        await job.setState('running', null);
        this.#announce(job);
        const examples = await readExamples(spec, await sources.reopen(spec.source));
        if ((await digestOf(examples, spec)) !== spec.dataDigest)
          throw new ResumeRefusedError(
            'The embeddings are not those that this cross-validation began with, so its folds would not belong together; remove it and start it anew.',
          );
        await this.#train(job, examples);
      }
      const result = job.result();
      await job.setState(result ? 'finished' : 'paused', null);
      if (result) return result;
    } catch (error) {
      await this.#fail(job, error);
      throw error;
    } finally {
      this.#announce(job);
    }
    throw new CrossValidationPausedError(job.done.length, job.folds.length);
  }

  /** Trains what is missing; a fault of the device rebuilds it and goes back to what is kept. */
  async #train(job: CrossValidationJob, examples: Examples): Promise<void> {
    const { devices } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      const device = await devices.open(job.spec.backend);
      try {
        await this.#trainOn(device, job, examples);
        return;
      } catch (thrown) {
        const error = device.nameError(thrown);
        if (!isDeviceFault(error) || attempt === ATTEMPTS) throw error;
        await devices.rebuild();
      }
    }
  }

  async #trainOn(device: TrainingDevice, job: CrossValidationJob, examples: Examples): Promise<void> {
    const { checkpointEveryMs = CHECKPOINT_EVERY_MS } = this.#parts;
    const { config } = job.spec;
    let kept = performance.now();
    await crossValidate({
      compute: device.compute,
      examples,
      folds: job.folds,
      config,
      finished: job.done,
      inProgress: await job.inProgress(),
      onCheckpoint: async (fold: string, checkpoint: Checkpoint) => {
        const isDue = performance.now() - kept >= checkpointEveryMs && checkpoint.epoch < config.epochs;
        if (!isDue && checkpoint.lineage.reason !== 'pause') return;
        await device.checkFaults();
        await job.record.writeCheckpoint(fold, encodeCheckpoint(checkpoint));
        kept = performance.now();
      },
      onFold: async (fold) => {
        await device.checkFaults();
        await job.keepFold(fold);
        this.#announce(job);
      },
      shouldPause: () => job.isAskedToPause,
    });
  }

  async #fail(job: CrossValidationJob, error: unknown): Promise<void> {
    const { errorName, reason } = errorInWords(error);
    job.state = PAUSING.has(errorName) ? 'paused' : 'failed';
    job.notice = reason;
    try {
      await job.setState(job.state, reason);
    } catch (second) {
      // A full disk or a lost lock also refuses this note; the state is shown from memory all the same.
      console.warn('The state of the cross-validation could not be written.', second);
    }
  }

  async #specOf(request: CrossValidationRequest): Promise<CrossValidationSpec> {
    const { sources, devices } = this.#parts;
    const config = trainingConfigOf(request);
    const target = request.target ?? 'label';
    const data = await sources.keep(request.extraction, request.layer ?? null);
    const items = foldItems(data.rows, target, request.groups);
    const method = foldMethod(request, config.seed);
    const folds = createFolds(items, method);
    const foldOfClip = new Map<string, number>();
    folds.forEach(({ test }, fold) => test.forEach((index) => foldOfClip.set(items[index]!.clip, fold)));
    // Versions of a clip whose recording itself is missing are in no fold.
    const rows = data.rows.filter(({ clip }) => foldOfClip.has(clip));
    const { classes, ids, labels } = tableOf(rows, target, () => 0);
    const spec = {
      format: 1 as const,
      source: data.source,
      target,
      method,
      config,
      backend: request.device ?? (await devices.preferred()),
      createdAt: new Date().toISOString(),
      classes,
      foldNames: folds.map(({ name }) => name),
      ids,
      labels,
      foldOf: rows.map(({ clip }) => foldOfClip.get(clip)!),
      isTested: rows.map(({ isAugmented }) => !isAugmented),
    };
    return { ...spec, dataDigest: await digestOf(await readExamples(spec, data), spec) };
  }

  async #recall(id: string): Promise<boolean> {
    const record = new CrossValidationRecord(() => this.#parts.stores.current, id);
    try {
      const [spec, progress] = [await record.readSpec(), await record.readProgress()];
      if (!spec || !progress) return false;
      const job = new CrossValidationJob(id, record, spec, progress);
      await job.refresh();
      this.#jobs.set(id, job);
      return true;
    } catch (error) {
      this.#parts.events.emit({
        type: 'notice',
        level: 'error',
        text: `The cross-validation ${id} cannot be read and is left out: ${errorInWords(error).reason}`,
      });
      return false;
    }
  }

  #announce(job: CrossValidationJob): void {
    const crossValidation = job.status(this.#parts.stores.isWritable);
    this.#parts.events.emit({ type: 'cross-validation', crossValidation });
  }

  #job(id: string): CrossValidationJob {
    const job = this.#jobs.get(id);
    if (!job) throw new UnknownIdError('cross-validation', id);
    return job;
  }
}

function digestOf(examples: Examples, { foldOf }: Pick<CrossValidationSpec, 'foldOf'>): Promise<string> {
  return dataDigest({ examples, train: Int32Array.from(foldOf), validation: new Int32Array(0) });
}

function foldMethod({ groups, folds }: CrossValidationRequest, seed: number): FoldMethod {
  if (groups === 'none' || folds !== undefined)
    return { kind: 'k-fold', folds: folds ?? FOLDS, groups, seed };
  return groups === 'speaker' ? { kind: 'leave-one-speaker-out' } : { kind: 'leave-one-group-out', groups };
}

/** The recordings with the groups that their folds are made by. @throws SplitError, GroupPatternError */
function foldItems(
  rows: readonly SourceRow[],
  target: 'label' | 'speaker',
  groups: CrossValidationRequest['groups'],
): readonly (SplitItem & FoldItem)[] {
  if (groups === target)
    throw new SplitError(
      `Each ${target} is a class to be told from the others, so none can be left out of training; hold out another group.`,
    );
  const items = originalsOf(rows, target);
  if (groups === 'none' || groups === 'speaker') return items;
  const read = groupReader(groups);
  const groupOf = new Map(
    rows.map(({ clip, label, speaker, columns }) => [
      clip,
      read({ path: clip, label, speaker, ...(columns ? { columns } : {}) }),
    ]),
  );
  return items.map((item) => ({ ...item, group: groupOf.get(item.clip) ?? null }));
}
