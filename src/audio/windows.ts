/**
 * Cuts a signal that comes in pieces into windows of `length` samples. The end is held back until it is known: a last
 * window shorter than the shortest allowed is joined to the one before, so no window is too short to be encoded and
 * the longest is below `length + shortest`.
 */
export class WindowCutter {
  readonly #length: number;
  readonly #capacity: number;
  #buffer: Float32Array<ArrayBuffer>;
  #filled = 0;

  /** Both in samples. */
  constructor(length: number, shortest: number) {
    this.#length = length;
    this.#capacity = length + shortest;
    this.#buffer = new Float32Array(Math.min(this.#capacity, 65_536));
  }

  /** Windows that are certain now. */
  push(samples: Float32Array): Float32Array<ArrayBuffer>[] {
    const windows: Float32Array<ArrayBuffer>[] = [];
    for (let at = 0; at < samples.length;) {
      const count = Math.min(samples.length - at, this.#capacity - this.#filled);
      this.#reserve(this.#filled + count);
      this.#buffer.set(samples.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#capacity) {
        windows.push(this.#buffer.slice(0, this.#length));
        this.#buffer.copyWithin(0, this.#length, this.#filled);
        this.#filled -= this.#length;
      }
    }
    return windows;
  }

  /** The last window, or none when nothing was pushed. */
  flush(): Float32Array<ArrayBuffer>[] {
    const rest = this.#buffer.slice(0, this.#filled);
    this.#filled = 0;
    return rest.length === 0 ? [] : [rest];
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const grown = new Float32Array(Math.min(this.#capacity, Math.max(length, 2 * this.#buffer.length)));
    grown.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = grown;
  }
}
