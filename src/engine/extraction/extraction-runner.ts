import type { Encoder } from '../../encoder/wavlm.ts';
import type { DeviceManager } from '../device-manager.ts';
import type { EncoderRegistry, WantedEncoder } from '../encoder-registry.ts';
import { errorInWords } from '../errors.ts';
import type { EventHub } from '../event-hub.ts';
import type { ExtractionJob } from './extraction-job.ts';
import { ExtractionRun, isDeviceFault, type ClipPool } from './extraction-run.ts';

/** What carrying out an extraction needs from the engine. */
export interface RunnerParts {
  readonly devices: Pick<DeviceManager, 'device' | 'generation' | 'proveDevice' | 'rebuild'>;
  readonly encoders: Pick<EncoderRegistry, 'release'> & {
    restore(wanted: WantedEncoder): Promise<unknown>;
    onDevice(id: string, options: { readonly keep: boolean }): Promise<Pick<Encoder, 'encode'>>;
  };
  readonly pool: ClipPool;
  readonly events: EventHub;
  /** @throws FilesNeededError */
  readonly openFile: (datasetId: string, path: string) => Promise<File>;
  readonly isWritable: () => boolean;
  /** Says anew how much room is used, some time soon. */
  readonly announceStorage: () => void;
}

/** Trouble that a person can mend: the extraction pauses with the reason and goes on where it was. */
const PAUSING = new Set(['StorageFullError', 'FolderGoneError', 'FilesNeededError', 'QuotaExceededError']);
const ATTEMPTS_WITHOUT_PROGRESS = 3;
/** Examples per batch where the person left the choice to the app. */
const BATCH_SIZE = { webgpu: 8, wasm: 1 } as const;

/** Carries out extractions one at a time: there is one device. */
export class ExtractionRunner {
  readonly #parts: RunnerParts;
  #tail: Promise<void> = Promise.resolve();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Puts the job in the queue; it runs when those before it have ended. */
  start(job: ExtractionJob): void {
    job.state = 'queued';
    job.endRequest = null;
    this.announce(job);
    // Paused or stopped while it waited; or resumed twice, and an earlier turn has run it.
    this.#tail = this.#tail.then(() => (job.state === 'queued' ? this.#carryOut(job) : undefined));
  }

  announce(job: ExtractionJob): void {
    this.#parts.events.emitNow(`job ${job.id}`, { type: 'job', job: job.status(this.#parts.isWritable()) });
  }

  async #carryOut(job: ExtractionJob): Promise<void> {
    try {
      await job.setState('running', null);
      this.announce(job);
      // Paused and resumed before the batch in hand was done: the run ended, the extraction did not.
      do await this.#runWithRecovery(job);
      while (job.endRequest === null && !job.isComplete);
      await this.#settle(job);
    } catch (error) {
      await this.#fail(job, error);
    } finally {
      job.endShards();
      job.endRequest = null;
      this.#parts.encoders.release();
      this.announce(job);
      this.#parts.announceStorage();
      job.announceEnd();
    }
  }

  /** Runs until done or asked to end; a fault of the device rebuilds it and redoes the shard in hand. */
  async #runWithRecovery(job: ExtractionJob): Promise<void> {
    const { devices, events } = this.#parts;
    let attempts = 0;
    for (;;) {
      const committedBefore = job.shards.length;
      const { generation } = devices;
      try {
        await this.#runOnce(job);
        return;
      } catch (error) {
        // Another device was chosen meanwhile: what was in hand went with the former one.
        await devices.device();
        const wasReplaced = generation > 0 && devices.generation !== generation;
        if (!isDeviceFault(error) && !wasReplaced) throw error;
        const { reason } = errorInWords(error);
        attempts = job.shards.length > committedBefore ? 1 : attempts + 1;
        if (attempts >= ATTEMPTS_WITHOUT_PROGRESS) throw error;
        if (wasReplaced && !isDeviceFault(error)) continue;
        events.emit({
          type: 'notice',
          level: 'warning',
          text: `The device failed (${reason}). It is rebuilt and the shard in hand is done again.`,
        });
        await devices.rebuild();
      }
    }
  }

  async #runOnce(job: ExtractionJob): Promise<void> {
    const { devices, encoders, pool, events, openFile, isWritable, announceStorage } = this.#parts;
    const { encoder: wanted, dataset } = job.spec;
    await devices.proveDevice();
    await encoders.restore(wanted);
    const encoder = await encoders.onDevice(wanted.id, { keep: true });
    const device = await devices.device();
    const { generation } = devices;
    job.endShards();
    await job.refresh();
    job.meter.restart();
    const progress = () =>
      events.emitThrottled(`job ${job.id}`, () => ({ type: 'job', job: job.status(isWritable()) }));
    const run = new ExtractionRun({
      spec: job.spec,
      order: job.order,
      total: job.total,
      plan: job.plan(),
      record: job.record,
      pool,
      device,
      encoder,
      batchSize: job.pace.batchSize ?? BATCH_SIZE[device.status.backend],
      timings: job.timings,
      openFile: (path) => openFile(dataset.id, path),
      shouldEnd: () => job.endRequest !== null || devices.generation !== generation,
      onShardStarted: (sampleIndices) => {
        job.startShard(sampleIndices);
        progress();
      },
      onBatch: ({ rows, failed, audioSec }) => {
        job.advance(rows, failed, audioSec);
        progress();
      },
      onShardCommitted: async (firstIndex) => {
        await job.shardCommitted(firstIndex);
        progress();
        announceStorage();
      },
      onSmallerBatch: (batchSize) => {
        job.notice = `The device ran out of memory, so batches now hold ${batchSize} clips.`;
        progress();
      },
    });
    await run.run();
  }

  async #settle(job: ExtractionJob): Promise<void> {
    job.endShards();
    await job.refresh();
    if (job.isComplete) await job.setState('finished', job.notice);
    else if (job.endRequest === 'pause') await job.setState('paused', null);
    else await job.setState('stopped', null);
  }

  async #fail(job: ExtractionJob, error: unknown): Promise<void> {
    const { errorName, reason } = errorInWords(error);
    const state = PAUSING.has(errorName) ? 'paused' : 'failed';
    job.endShards();
    job.state = state;
    job.notice = reason;
    this.#parts.events.emit({ type: 'notice', level: 'error', text: reason });
    try {
      await job.setState(state, reason);
    } catch (second) {
      // A full disk or a lost lock also refuses this note; the state is shown from memory all the same.
      console.warn('The state of the extraction could not be written.', second);
    }
  }
}
