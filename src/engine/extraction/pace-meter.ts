const WINDOW_MS = 30_000;

/** How fast an extraction goes, over the last half minute. */
export class PaceMeter {
  readonly #ticks: { atMs: number; audioSec: number; examples: number }[] = [];
  #startMs = performance.now();

  restart(): void {
    this.#ticks.length = 0;
    this.#startMs = performance.now();
  }

  add(audioSec: number, examples: number): void {
    const now = performance.now();
    this.#ticks.push({ atMs: now, audioSec, examples });
    while (this.#ticks.length > 1 && now - this.#ticks[0]!.atMs > WINDOW_MS) {
      this.#startMs = this.#ticks[0]!.atMs;
      this.#ticks.shift();
    }
  }

  /** Audio seconds per wall second; null before there is anything to measure. */
  get timesRealTime(): number | null {
    return this.#perSecond('audioSec');
  }

  get examplesPerSec(): number | null {
    return this.#perSecond('examples');
  }

  #perSecond(what: 'audioSec' | 'examples'): number | null {
    const last = this.#ticks.at(-1);
    if (!last || last.atMs <= this.#startMs) return null;
    const sum = this.#ticks.reduce((total, tick) => total + tick[what], 0);
    return (sum * 1000) / (last.atMs - this.#startMs);
  }
}
