import { maximumPages } from './kernels.ts';

const pageBytes = 65536;

/**
 * Blocks of one growing WebAssembly memory. Freed blocks are kept by size class (four per octave) and given out again,
 * so a loop over batches of a few shapes soon stops growing. The memory is shared, thus views stay valid as it grows.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #free = new Map<number, number[]>();
  #top = 1024;
  #usedBytes = 0;
  #usedBlocks = 0;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 64, maximum: maximumPages, shared: true });
  }

  /** Offset of a block of at least `sizeBytes`, 64-byte aligned; its content is whatever was there. */
  allocate(sizeBytes: number): number {
    const size = sizeClass(sizeBytes);
    this.#usedBytes += size;
    this.#usedBlocks += 1;
    const reused = this.#free.get(size)?.pop();
    if (reused !== undefined) return reused;
    const offset = this.#top;
    this.#top += size;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) {
      const pages = Math.ceil(missing / pageBytes);
      const spare = Math.min(pages + 64, maximumPages - this.memory.buffer.byteLength / pageBytes);
      this.memory.grow(Math.max(pages, spare));
    }
    return offset;
  }

  release(offset: number, sizeBytes: number): void {
    const size = sizeClass(sizeBytes);
    this.#usedBytes -= size;
    this.#usedBlocks -= 1;
    const list = this.#free.get(size);
    if (list) list.push(offset);
    else this.#free.set(size, [offset]);
  }

  view(offset: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, offset, length);
  }

  get used(): { readonly arrays: number; readonly sizeBytes: number } {
    return { arrays: this.#usedBlocks, sizeBytes: this.#usedBytes };
  }
}

/** Rounds up to a multiple of an eighth of the power of two below, at least 64 bytes. */
function sizeClass(sizeBytes: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(Math.max(sizeBytes, 1))) - 2));
  return Math.max(step, Math.ceil(sizeBytes / step) * step);
}
