import { DecodeCancelledError, DecodeWorkerError, reviveError } from './errors.ts';
import type { ProbeFile, ProbeResult, WorkerCommand, WorkerReply } from './messages.ts';
import type { PreparedWindow, PrepareRequest, PrepareSummary, PrepareTimings } from './prepare.ts';

export type { PrepareRequest } from './prepare.ts';

export interface PreparedExample {
  readonly version: number;
  /** 16 kHz mono; one unless the clip is long. */
  readonly windows: readonly Float32Array<ArrayBuffer>[];
}

export interface PreparedClip {
  /** XXH3-128 of the file's bytes, hex. */
  readonly contentHash: string;
  readonly durationSec: number;
  /** In the order of the versions asked for. */
  readonly examples: readonly PreparedExample[];
  readonly timings: PrepareTimings;
}

/** Files a worker probes per message. */
const probeBatch = 64;
/** Windows a worker may be ahead of the taker. */
const windowsAhead = 4;

interface Job {
  readonly id: number;
  /** Names the job in an error when its worker dies. */
  readonly path: string;
  readonly command: WorkerCommand;
  readonly onReply: (reply: WorkerReply) => void;
  readonly onError: (error: Error) => void;
}

interface Lane {
  readonly worker: Worker;
  job: Job | null;
  /** Windows asked for and not yet here: with none the worker rightly waits. */
  owed: number;
  /** Checks since the worker last answered. */
  silentChecks: number;
}

export interface DecodePoolOptions {
  /** Default: one for each core but two (the encoder's and the page's), at least 1, at most 8. */
  readonly workers?: number;
  /** A worker that is silent for so long while it owes an answer is taken for dead; default 120. */
  readonly stallSec?: number;
  /** Makes a worker; tests put a broken one here. */
  readonly spawn?: () => Worker;
}

/** A sleeping laptop counts as one check, not as hours of silence. */
const checksUntilDead = 24;

/**
 * A few workers that read, decode, resample and augment files ahead of the encoder. Jobs are begun in the order they
 * are asked for; each worker has one at a time. A worker that dies is replaced and the job it held fails with the
 * file's name. May be used in a window or in a worker.
 */
export class DecodePool {
  readonly #lanes: Lane[] = [];
  readonly #queue: Job[] = [];
  readonly #size: number;
  readonly #spawn: () => Worker;
  readonly #checkMs: number;
  #checks: ReturnType<typeof setInterval> | null = null;
  #nextJob = 1;
  #disposed = false;

  constructor(options: DecodePoolOptions = {}) {
    const cores = navigator.hardwareConcurrency || 2;
    this.#size = Math.max(1, options.workers ?? Math.min(8, cores - 2));
    this.#spawn = options.spawn ?? spawnDecodeWorker;
    this.#checkMs = ((options.stallSec ?? 120) * 1000) / checksUntilDead;
  }

  /** Files that can be prepared at the same time. */
  get size(): number {
    return this.#size;
  }

  /**
   * Prepares all versions of one clip, every window in memory; for clips of hours use {@link prepareWindows}.
   * @throws a named error of errors.ts
   */
  async prepare(request: PrepareRequest, signal?: AbortSignal): Promise<PreparedClip> {
    const windows = new Map<number, Float32Array<ArrayBuffer>[]>();
    for (const version of request.versions) windows.set(version, []);
    const parts = this.prepareWindows(request, signal);
    for (;;) {
      const next = await parts.next();
      if (next.done === true) {
        const examples = request.versions.map((version) => ({
          version,
          windows: windows.get(version) ?? [],
        }));
        return { ...next.value, examples };
      }
      windows.get(next.value.version)?.push(next.value.samples);
    }
  }

  /** The windows of one clip as they are ready; the worker waits when it is a few ahead of the taker. */
  async *prepareWindows(
    request: PrepareRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<PreparedWindow, PrepareSummary, undefined> {
    const arrived: PreparedWindow[] = [];
    let summary: PrepareSummary | null = null;
    let failure: Error | null = null;
    let wake: (() => void) | null = null;
    if (signal?.aborted === true) {
      throw new DecodeCancelledError(`The preparation of “${request.path}” was cancelled.`);
    }
    const id = this.#start(request.path, (job) => ({ type: 'prepare', job, request }), {
      onReply: (reply) => {
        if (reply.type === 'window') arrived.push(reply.window);
        if (reply.type === 'prepared') summary = reply.summary;
        wake?.();
      },
      onError: (error) => {
        failure ??= error;
        wake?.();
      },
    });
    const abort = (): void => {
      failure ??= new DecodeCancelledError(`The preparation of “${request.path}” was cancelled.`);
      this.#cancel(id);
      wake?.();
    };
    signal?.addEventListener('abort', abort);
    try {
      for (;;) {
        const window = arrived.shift();
        if (window !== undefined) {
          this.#take(id, 1);
          yield window;
        } else if (failure !== null) {
          throw failure as Error;
        } else if (summary !== null) {
          return summary;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#cancel(id);
    }
  }

  /** Headers of many files, in their order; a file that cannot be used has its reason instead. */
  async probe(
    files: readonly ProbeFile[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<ProbeResult[]> {
    const results: ProbeResult[] = [];
    let done = 0;
    const probeFrom = async (start: number): Promise<void> => {
      const headers = await this.#probeBatch(files.slice(start, start + probeBatch));
      for (const [offset, header] of headers.entries()) results[start + offset] = header;
      done += headers.length;
      onProgress?.(done, files.length);
    };
    const batches: Promise<void>[] = [];
    for (let start = 0; start < files.length; start += probeBatch) batches.push(probeFrom(start));
    await Promise.all(batches);
    return results;
  }

  /** Ends the workers; everything still asked for fails as cancelled. */
  dispose(): void {
    this.#disposed = true;
    this.#stopChecks();
    const jobs = [...this.#lanes.map((lane) => lane.job), ...this.#queue];
    for (const lane of this.#lanes) lane.worker.terminate();
    this.#lanes.length = 0;
    this.#queue.length = 0;
    for (const job of jobs) {
      job?.onError(new DecodeCancelledError(`The preparation of “${job.path}” was cancelled.`));
    }
  }

  #probeBatch(files: readonly ProbeFile[]): Promise<readonly ProbeResult[]> {
    return new Promise((resolve, reject) => {
      this.#start(files[0]?.path ?? '', (job) => ({ type: 'probe', job, files }), {
        onReply: (reply) => {
          if (reply.type === 'probed') resolve(reply.results);
        },
        onError: reject,
      });
    });
  }

  #start(
    path: string,
    command: (job: number) => WorkerCommand,
    callbacks: Pick<Job, 'onReply' | 'onError'>,
  ): number {
    const id = this.#nextJob;
    this.#nextJob += 1;
    if (this.#disposed) {
      callbacks.onError(new DecodeCancelledError(`The preparation of “${path}” was cancelled.`));
      return id;
    }
    this.#queue.push({ id, path, command: command(id), ...callbacks });
    this.#dispatch();
    return id;
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      let lane = this.#lanes.find((candidate) => candidate.job === null);
      if (lane === undefined) {
        if (this.#lanes.length >= this.#size) return;
        lane = this.#openLane();
      }
      const job = this.#queue.shift();
      if (job === undefined) return;
      lane.job = job;
      lane.worker.postMessage(job.command);
      lane.owed = 0;
      lane.silentChecks = 0;
      this.#checks ??= setInterval(() => this.#checkLanes(), this.#checkMs);
      if (job.command.type === 'prepare') this.#take(job.id, windowsAhead);
    }
  }

  #openLane(): Lane {
    const lane: Lane = { worker: this.#spawn(), job: null, owed: 0, silentChecks: 0 };
    this.#lanes.push(lane);
    this.#listen(lane);
    return lane;
  }

  #listen(lane: Lane): void {
    const { worker } = lane;
    worker.addEventListener('message', (event: MessageEvent<WorkerReply>) => {
      const { job } = lane;
      if (job === null || job.id !== event.data.job) return;
      lane.silentChecks = 0;
      if (event.data.type === 'window') lane.owed -= 1;
      else lane.job = null;
      if (event.data.type === 'failed') job.onError(reviveError(event.data.error));
      else job.onReply(event.data);
      if (lane.job === null) this.#dispatch();
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#replace(lane, event.message);
    });
    worker.addEventListener('messageerror', () => this.#replace(lane, 'an unreadable message'));
  }

  /** A dead worker is left out; a fresh one is made when there is work for it. */
  #replace(lane: Lane, detail: string): void {
    lane.worker.terminate();
    this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    lane.job?.onError(
      new DecodeWorkerError(
        `The decoder stopped while it had “${lane.job.path}” in hand (${detail || 'no reason given'}). The file is set aside; the others go on.`,
      ),
    );
    if (!this.#disposed) this.#dispatch();
  }

  #checkLanes(): void {
    const busy = this.#lanes.filter((lane) => lane.job !== null);
    if (busy.length === 0) this.#stopChecks();
    for (const lane of busy) {
      if (lane.job?.command.type === 'prepare' && lane.owed <= 0) continue;
      lane.silentChecks += 1;
      if (lane.silentChecks > checksUntilDead) this.#replace(lane, 'it did not answer any more');
    }
  }

  #stopChecks(): void {
    if (this.#checks !== null) clearInterval(this.#checks);
    this.#checks = null;
  }

  #take(job: number, windows: number): void {
    const lane = this.#lanes.find((candidate) => candidate.job?.id === job);
    if (lane === undefined) return;
    lane.owed += windows;
    lane.worker.postMessage({ type: 'take', job, windows } satisfies WorkerCommand);
  }

  #tell(job: number, command: WorkerCommand): void {
    this.#lanes.find((lane) => lane.job?.id === job)?.worker.postMessage(command);
  }

  #cancel(job: number): void {
    const waiting = this.#queue.findIndex((candidate) => candidate.id === job);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    else this.#tell(job, { type: 'cancel', job });
  }
}

function spawnDecodeWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'decode' });
}
