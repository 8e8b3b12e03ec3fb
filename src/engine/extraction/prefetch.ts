import type { PreparedClip, PrepareRequest } from '../../audio/pool.ts';

/** What comes back for one utterance: the prepared clip, or why there is none. */
export type Prefetched<Key> =
  { readonly key: Key; readonly clip: PreparedClip } | { readonly key: Key; readonly error: unknown };

export interface PrefetchOptions {
  /** Requests in flight at once. */
  readonly maxInFlight: number;
  /** Decoded audio that may wait, in seconds. */
  readonly maxBufferedSec: number;
}

const SAMPLE_RATE = 16_000;

/**
 * Runs `prepare` ahead of its consumer, in order, so that the encoder never waits on decoding while memory stays
 * bounded. A failed request is delivered in its place.
 */
export class Prefetcher<Key> {
  readonly #source: Iterator<{ key: Key; request: () => Promise<PrepareRequest> }>;
  readonly #prepare: (request: PrepareRequest) => Promise<PreparedClip>;
  readonly #options: PrefetchOptions;
  readonly #queue: Promise<Prefetched<Key>>[] = [];
  #inFlight = 0;
  #bufferedSec = 0;
  #exhausted = false;

  constructor(
    source: Iterable<{ key: Key; request: () => Promise<PrepareRequest> }>,
    prepare: (request: PrepareRequest) => Promise<PreparedClip>,
    options: PrefetchOptions,
  ) {
    this.#source = source[Symbol.iterator]();
    this.#prepare = prepare;
    this.#options = options;
  }

  /** The next utterance in order; null at the end. */
  async take(): Promise<Prefetched<Key> | null> {
    this.#fill();
    const next = this.#queue.shift();
    if (!next) return null;
    const prefetched = await next;
    if ('clip' in prefetched) this.#bufferedSec -= secondsOf(prefetched.clip);
    this.#fill();
    return prefetched;
  }

  #fill(): void {
    const { maxInFlight, maxBufferedSec } = this.#options;
    while (!this.#exhausted && this.#inFlight < maxInFlight && this.#bufferedSec < maxBufferedSec) {
      const next = this.#source.next();
      if (next.done) {
        this.#exhausted = true;
        return;
      }
      this.#inFlight += 1;
      this.#queue.push(this.#run(next.value));
      if (this.#queue.length > maxInFlight * 4) return;
    }
  }

  async #run({
    key,
    request,
  }: {
    key: Key;
    request: () => Promise<PrepareRequest>;
  }): Promise<Prefetched<Key>> {
    try {
      const clip = await this.#prepare(await request());
      this.#bufferedSec += secondsOf(clip);
      return { key, clip };
    } catch (error) {
      return { key, error };
    } finally {
      this.#inFlight -= 1;
      this.#fill();
    }
  }
}

function secondsOf(clip: PreparedClip): number {
  let samples = 0;
  for (const example of clip.examples) for (const window of example.windows) samples += window.length;
  return samples / SAMPLE_RATE;
}
