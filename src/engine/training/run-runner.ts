import { encodeCheckpoint, type Checkpoint } from '../../training/checkpoint.ts';
import { fit, type Start } from '../../training/fit.ts';
import type { TrainingData } from '../../training/preflight.ts';
import { checkpointsToPrune } from '../../training/retention.ts';
import { errorInWords } from '../errors.ts';
import type { EventHub } from '../event-hub.ts';
import { isDeviceFault } from '../extraction/extraction-run.ts';
import { readTrainingData } from './run-data.ts';
import type { RunJob } from './run-job.ts';
import { checkpointKey } from './run-lineage.ts';
import type { RunSpec } from './run-record.ts';
import { startWeights } from './run-start.ts';
import type { TrainingDevice, TrainingDevices } from './training-devices.ts';
import type { TrainingSourceData } from './training-source.ts';

export interface RunRunnerParts {
  readonly devices: TrainingDevices;
  readonly events: EventHub;
  /** @throws UnknownIdError when the extraction is gone. */
  readonly openSource: (source: RunSpec['source']) => Promise<TrainingSourceData>;
  readonly isWritable: () => boolean;
}

/** Trouble that a person can mend: the work pauses with the reason and goes on from its last checkpoint. */
export const PAUSING = new Set([
  'StorageFullError',
  'QuotaExceededError',
  'StaleWriterError',
  'NotWriterError',
]);
const ATTEMPTS_WITHOUT_PROGRESS = 3;
const WORTH_COMPACTING_BYTES = 64e6;

/** Carries out runs one at a time, beside extractions. */
export class RunRunner {
  readonly #parts: RunRunnerParts;
  #tail: Promise<void> = Promise.resolve();

  constructor(parts: RunRunnerParts) {
    this.#parts = parts;
  }

  /** Puts the run in the queue; it starts from its newest checkpoint when those before it have ended. */
  start(job: RunJob): void {
    job.state = 'queued';
    job.endRequest = null;
    this.announce(job);
    this.#tail = this.#tail.then(() => this.#carryOut(job));
  }

  /** Does work that trains without being a run, when those before it have ended. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(work);
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  announce(job: RunJob): void {
    this.#parts.events.emitNow(`run ${job.id}`, { type: 'run', run: job.status(this.#parts.isWritable()) });
  }

  #announceSoon(job: RunJob): void {
    this.#parts.events.emitThrottled(`run ${job.id}`, () => ({
      type: 'run',
      run: job.status(this.#parts.isWritable()),
    }));
  }

  async #carryOut(job: RunJob): Promise<void> {
    try {
      if (job.endRequest === null) {
        await job.setState('running', null);
        this.announce(job);
        const data = await readTrainingData(job.spec, await this.#parts.openSource(job.spec.source));
        const finished = await this.#runWithRecovery(job, data);
        await job.setState(finished ? 'finished' : job.endRequest === 'stop' ? 'stopped' : 'paused', null);
      } else await job.setState(job.endRequest === 'stop' ? 'stopped' : 'paused', null);
    } catch (error) {
      await this.#fail(job, error);
    } finally {
      job.endRequest = null;
      this.announce(job);
      job.announceEnd();
      await tidy(job);
    }
  }

  /** True when finished, false when asked to end; a fault of the device rebuilds it and goes back to the checkpoint. */
  async #runWithRecovery(job: RunJob, data: TrainingData): Promise<boolean> {
    const { devices, events } = this.#parts;
    let attempts = 0;
    for (;;) {
      const before = job.last?.ref.sequence;
      const device = await devices.open(job.spec.backend);
      if (device.backend !== job.spec.backend)
        job.note(
          `This run was begun on ${job.spec.backend} and goes on on ${device.backend}: its numbers are right, but no longer the same to the last bit.`,
        );
      try {
        return await this.#runOnce(job, data, device);
      } catch (thrown) {
        const error = device.nameError(thrown);
        if (!isDeviceFault(error)) throw error;
        attempts = job.last?.ref.sequence === before ? attempts + 1 : 1;
        if (attempts >= ATTEMPTS_WITHOUT_PROGRESS) throw error;
        events.emit({
          type: 'notice',
          level: 'warning',
          text: `The device failed (${errorInWords(error).reason}). It is rebuilt and “${job.spec.name}” goes on from ${job.last?.key ?? 'its start'}.`,
        });
        await devices.rebuild();
      }
    }
  }

  async #runOnce(job: RunJob, data: TrainingData, device: TrainingDevice): Promise<boolean> {
    await job.refresh();
    const from = await job.newestIntact();
    if (from?.notice) {
      job.note(from.notice);
      this.#parts.events.emit({ type: 'notice', level: 'warning', text: from.notice });
    }
    const start: Start = from
      ? { kind: 'checkpoint', checkpoint: from.checkpoint }
      : await startWeights(job, data.examples.layout);
    job.show(from?.checkpoint ?? null);
    job.device = device.name;
    this.announce(job);
    const { state } = await fit({
      compute: device.compute,
      data,
      config: job.config,
      start,
      run: job.id,
      hooks: {
        onNotices: (notices) => {
          for (const notice of notices) job.note(notice);
        },
        onStep: (progress) => {
          job.advance(progress);
          this.#announceSoon(job);
        },
        onEpoch: (record) => job.addEpoch(record),
        onCheckpoint: async (checkpoint) => {
          await device.checkFaults();
          await commitCheckpoint(job, checkpoint, from?.key ?? null, device.name);
          await applyRetention(job);
          this.#announceSoon(job);
        },
        shouldPause: () => job.endRequest !== null,
      },
    });
    return state === 'finished';
  }

  async #fail(job: RunJob, error: unknown): Promise<void> {
    const { errorName, reason } = errorInWords(error);
    const state = PAUSING.has(errorName) ? 'paused' : 'failed';
    job.state = state;
    job.progress = { ...job.progress, state, notice: reason };
    this.#parts.events.emit({ type: 'notice', level: 'error', text: reason });
    try {
      await job.setState(state, reason);
    } catch (second) {
      // A full disk or a lost lock also refuses this note; the state is shown from memory all the same.
      console.warn('The state of the run could not be written.', second);
    }
  }
}

/** Writes a checkpoint under its key on the run's branch; safe when it resolves. */
export async function commitCheckpoint(
  job: RunJob,
  checkpoint: Checkpoint,
  parent: string | null,
  device: string,
): Promise<void> {
  const { epoch, step, sampler, best, history } = checkpoint;
  const key = checkpointKey(checkpoint, job.branch);
  const lineage = { ...checkpoint.lineage, run: job.id, parent };
  const endsEpoch = sampler.cursor === 0 && step > 0;
  // The best may have been reached on the branch before: the newest of that name that leads here is meant.
  const bestAt = best && { epoch: best.epoch + 1, step: best.step };
  const bestKey =
    bestAt &&
    (job.chain.findLast(({ meta }) => meta.endsEpoch && meta.step === bestAt.step)?.key ??
      checkpointKey(bestAt, job.branch));
  await job.record.writeCheckpoint(
    key,
    {
      branch: job.branch,
      epoch,
      step,
      endsEpoch,
      record: endsEpoch ? (history.epochs.at(-1) ?? null) : null,
      best: bestKey,
      parent,
      createdAt: lineage.createdAt,
      device,
    },
    encodeCheckpoint({ ...checkpoint, lineage }),
  );
  await job.refreshCheckpoints();
}

/** Deletes what the run's policy does not keep; never the newest two, the best, or pinned ones. */
export async function applyRetention(job: RunJob): Promise<void> {
  const [best, { pinned, retention }] = [job.best?.key, job.progress];
  const kept = job.chain.map(({ key, meta }) => ({
    name: key,
    epoch: meta.epoch,
    step: meta.step,
    endsEpoch: meta.endsEpoch,
    isBest: key === best,
    isPinned: pinned.includes(key),
  }));
  const doomed = checkpointsToPrune(kept, retention);
  for (const key of doomed) await job.record.forgetCheckpoint(key);
  if (doomed.length > 0) await job.refreshCheckpoints();
}

/** Gives back what pruned checkpoints held, where it is worth rewriting a segment for. */
async function tidy(job: RunJob): Promise<void> {
  try {
    if ((await job.record.freeableBytes()) > WORTH_COMPACTING_BYTES) await job.record.compact();
  } catch (error) {
    // The run has ended well or ill already; its space can be freed another time.
    console.warn('The space of pruned checkpoints could not be freed.', error);
  }
}
