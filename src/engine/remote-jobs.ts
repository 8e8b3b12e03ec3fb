import { lockName } from '../shards/opfs.ts';
import type { EventHub } from './event-hub.ts';
import type { EngineEvent, JobStatus } from './protocol.ts';
import type { RunStatus } from './training-protocol.ts';

type Told = Extract<EngineEvent, { type: 'job' | 'run' }>;

/** What tabs say to each other. */
type Message = Told | { readonly type: 'ask' };

/**
 * Lets a second tab watch live: the tab that writes tells the others how its extractions and runs stand, several times
 * a second and whenever one asks; they show it as their own, but cannot write.
 */
export class RemoteJobs {
  readonly #channel = new BroadcastChannel('wavlm-playground-jobs');
  readonly #events: EventHub;
  readonly #jobs = new Map<string, JobStatus>();
  readonly #runs = new Map<string, RunStatus>();
  #following = false;
  /** Whether some tab holds the writer's lock, as far as this one knows. */
  #isSomebodyWriting = false;

  constructor(events: EventHub) {
    this.#events = events;
  }

  /** Starts telling and listening. `list` gives the extractions as this tab knows them. */
  follow(isWritable: () => boolean, list: () => readonly JobStatus[]): void {
    if (this.#following) return;
    this.#following = true;
    this.#events.subscribe((event) => {
      if ((event.type === 'job' || event.type === 'run') && isWritable()) this.#post(event);
    });
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if (data.type === 'ask') {
        if (isWritable()) for (const job of list()) this.#post({ type: 'job', job });
      } else if (!isWritable()) this.#take(data);
    });
  }

  #take(told: Told): void {
    this.#isSomebodyWriting = true;
    if (told.type === 'job') {
      const job = { ...told.job, writable: false };
      this.#jobs.set(job.id, job);
      this.#events.emit({ type: 'job', job });
    } else {
      const run = { ...told.run, writable: false };
      this.#runs.set(run.id, run);
      this.#events.emit({ type: 'run', run });
    }
  }

  /** Asks the tab that writes how things stand; its answers come as events. */
  ask(): void {
    this.#post({ type: 'ask' });
  }

  /** Looks whether the tab that writes is still there: what it said last counts no longer than that. */
  async look(): Promise<void> {
    const { held = [] } = await navigator.locks.query();
    this.#isSomebodyWriting = held.some(({ name }) => name === lockName());
  }

  /** What the writing tab last said of an extraction, while it lives; else what this tab knows. */
  latest(own: JobStatus): JobStatus {
    return own.writable || !this.#isSomebodyWriting ? own : (this.#jobs.get(own.id) ?? own);
  }

  latestRun(own: RunStatus): RunStatus {
    return own.writable || !this.#isSomebodyWriting ? own : (this.#runs.get(own.id) ?? own);
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}
