import type { EventHub } from './event-hub.ts';
import type { EngineEvent, JobStatus } from './protocol.ts';
import type { RunStatus } from './training-protocol.ts';

/** A writer that has said nothing for this long is taken to be gone or idle. */
const FRESH_MS = 5_000;

type Told = Extract<EngineEvent, { type: 'job' | 'run' }>;

/**
 * Lets a second tab watch live: the tab that writes tells the others how its extractions and runs stand, several times
 * a second; they show it as their own, but cannot write.
 */
export class RemoteJobs {
  readonly #channel = new BroadcastChannel('wavlm-playground-jobs');
  readonly #events: EventHub;
  readonly #jobs = new Latest<JobStatus>();
  readonly #runs = new Latest<RunStatus>();
  #following = false;

  constructor(events: EventHub) {
    this.#events = events;
  }

  /** Starts telling and listening. */
  follow(isWritable: () => boolean): void {
    if (this.#following) return;
    this.#following = true;
    this.#events.subscribe((event) => {
      if ((event.type === 'job' || event.type === 'run') && isWritable()) this.#channel.postMessage(event);
    });
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if (isWritable()) return;
      if (data.type === 'job')
        this.#events.emit({ type: 'job', job: this.#jobs.note({ ...data.job, writable: false }) });
      else this.#events.emit({ type: 'run', run: this.#runs.note({ ...data.run, writable: false }) });
    });
  }

  /** What the writing tab last said of a job, while it is fresh; else what this tab knows. */
  latest(own: JobStatus): JobStatus {
    return own.writable ? own : this.#jobs.of(own);
  }

  latestRun(own: RunStatus): RunStatus {
    return own.writable ? own : this.#runs.of(own);
  }

  merge(own: readonly JobStatus[]): JobStatus[] {
    return own.map((status) => this.latest(status));
  }
}

/** The last word on each id, with when it was said. */
class Latest<Status extends { readonly id: string }> {
  readonly #said = new Map<string, { readonly status: Status; readonly atMs: number }>();

  note(status: Status): Status {
    this.#said.set(status.id, { status, atMs: performance.now() });
    return status;
  }

  of(own: Status): Status {
    const said = this.#said.get(own.id);
    return said && performance.now() - said.atMs < FRESH_MS ? said.status : own;
  }
}
