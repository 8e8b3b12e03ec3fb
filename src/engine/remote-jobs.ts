import type { EventHub } from './event-hub.ts';
import type { JobStatus } from './protocol.ts';

/** A writer that has said nothing for this long is taken to be gone or idle. */
const FRESH_MS = 5_000;

/**
 * Lets a second tab watch live: the tab that writes tells the others how its extractions stand, several times a second;
 * they show it as their own, but cannot write.
 */
export class RemoteJobs {
  readonly #channel = new BroadcastChannel('wavlm-playground-jobs');
  readonly #events: EventHub;
  readonly #latest = new Map<string, { status: JobStatus; atMs: number }>();
  #following = false;

  constructor(events: EventHub) {
    this.#events = events;
  }

  /** Starts telling and listening. */
  follow(isWritable: () => boolean): void {
    if (this.#following) return;
    this.#following = true;
    this.#events.subscribe((event) => {
      if (event.type === 'job' && isWritable()) this.#channel.postMessage(event.job);
    });
    this.#channel.addEventListener('message', ({ data }: MessageEvent<JobStatus>) => {
      if (isWritable()) return;
      const status = { ...data, writable: false };
      this.#latest.set(status.id, { status, atMs: performance.now() });
      this.#events.emit({ type: 'job', job: status });
    });
  }

  /** What the writing tab last said of a job, while it is fresh; else what this tab knows. */
  latest(own: JobStatus): JobStatus {
    const remote = this.#latest.get(own.id);
    return !own.writable && remote && performance.now() - remote.atMs < FRESH_MS ? remote.status : own;
  }

  merge(own: readonly JobStatus[]): JobStatus[] {
    return own.map((status) => this.latest(status));
  }
}
