import type { EngineEvent } from './protocol.ts';

type Listener = (event: EngineEvent) => void;

const THROTTLE_MS = 200;

/** Tells listeners what happens. Progress of one key is throttled; the last word of a key always gets through. */
export class EventHub {
  readonly #listeners = new Set<Listener>();
  readonly #pending = new Map<string, { make: () => EngineEvent; timer: ReturnType<typeof setTimeout> }>();
  readonly #lastSent = new Map<string, number>();

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Emits at most five times a second for a key; `make` is called when the event is really sent. */
  emitThrottled(key: string, make: () => EngineEvent): void {
    const pending = this.#pending.get(key);
    if (pending) {
      pending.make = make;
      return;
    }
    const wait = (this.#lastSent.get(key) ?? -Infinity) + THROTTLE_MS - performance.now();
    const send = () => {
      const latest = this.#pending.get(key)?.make ?? make;
      this.#pending.delete(key);
      this.#lastSent.set(key, performance.now());
      this.emit(latest());
    };
    if (wait <= 0) send();
    else this.#pending.set(key, { make, timer: setTimeout(send, wait) });
  }

  /** Emits now and drops what was waiting for this key: for changes of state. */
  emitNow(key: string, event: EngineEvent): void {
    const pending = this.#pending.get(key);
    if (pending) {
      clearTimeout(pending.timer);
      this.#pending.delete(key);
    }
    this.#lastSent.set(key, performance.now());
    this.emit(event);
  }
}
