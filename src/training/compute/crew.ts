import type { Heap } from './heap.ts';
import type { Kernels } from './kernels.ts';
import { jobArguments, jobKinds, jobs, runJob, type CrewStart } from './crew-jobs.ts';

/** A product for several threads: pointers in bytes, strides in elements, as in `Kernels.gemm`. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly a: number;
  readonly aRow: number;
  readonly aColumn: number;
  readonly b: number;
  readonly bRow: number;
  readonly bColumn: number;
  readonly c: number;
}

/**
 * Threads that share out a kernel over one memory, the caller's among them. Each output element is computed by one
 * thread in the same order as alone, so results do not depend on how many there are.
 *
 * The caller writes a job, raises the job's number and does its own part; helpers wait for that number to change, do
 * theirs, and write the number to their place, which the caller watches.
 */
export class Crew {
  readonly threads: number;
  readonly #kernels: Kernels;
  readonly #helpers: readonly Worker[];
  readonly #numbers: Int32Array;
  readonly #arguments: Float64Array;
  readonly #maySleep = typeof document === 'undefined';
  #job = 0;

  constructor(kernels: Kernels, helpers: readonly Worker[], control: SharedArrayBuffer) {
    this.#kernels = kernels;
    this.#helpers = helpers;
    this.threads = helpers.length + 1;
    this.#numbers = jobs(control);
    this.#arguments = jobArguments(control);
  }

  /** `scratchBytes` of scratch for every thread, one after the other. */
  multiply(product: Product, scratch: number, scratchBytes: number): void {
    const { rows, columns, depth, a, aRow, aColumn, b, bRow, bColumn, c } = product;
    this.#share([
      jobKinds.multiply,
      rows,
      columns,
      depth,
      a,
      aRow,
      aColumn,
      b,
      bRow,
      bColumn,
      c,
      scratch,
      scratchBytes,
    ]);
  }

  adamw(
    pointers: readonly [number, number, number, number],
    count: number,
    scalars: readonly [number, number, number, number, number, number, number],
  ): void {
    this.#share([jobKinds.adamw, count, ...pointers, ...scalars]);
  }

  dismiss(): void {
    for (const helper of this.#helpers) helper.terminate();
  }

  #await(helper: number): void {
    for (let i = 0; i < looks; i += 1) if (Atomics.load(this.#numbers, helper) === this.#job) return;
    for (;;) {
      const done = Atomics.load(this.#numbers, helper);
      if (done === this.#job) return;
      // A page may not sleep, only workers may.
      if (this.#maySleep) Atomics.wait(this.#numbers, helper, done);
    }
  }

  #share(job: readonly number[]): void {
    this.#arguments.set(job);
    this.#job = (this.#job + 1) | 0;
    Atomics.store(this.#numbers, 0, this.#job);
    Atomics.notify(this.#numbers, 0);
    runJob(this.#kernels, this.#arguments, 0, this.threads);
    for (let helper = 1; helper < this.threads; helper += 1) this.#await(helper);
  }
}

const mostThreads = 8;
/** Looks at a helper this often before it sleeps: on a busy machine the helper may need this core to finish. */
const looks = 5000;

/** Starts a helper for every further core; null where threads cannot share memory or there is one core only. */
export async function openCrew(heap: Heap, kernels: Kernels): Promise<Crew | null> {
  const threads = Math.min(mostThreads, globalThis.navigator?.hardwareConcurrency ?? 1);
  if (typeof Worker === 'undefined' || !globalThis.crossOriginIsolated || threads < 2) return null;
  const control = new SharedArrayBuffer(256);
  const helpers = await Promise.all(
    Array.from({ length: threads - 1 }, async (_, i) => {
      const worker = new Worker(new URL('./crew-worker.ts', import.meta.url), { type: 'module' });
      const start: CrewStart = { memory: heap.memory, control, member: i + 1, threads };
      worker.postMessage(start);
      await new Promise<void>((resolve, reject) => {
        worker.addEventListener('message', () => resolve(), { once: true });
        worker.addEventListener('error', (event) => reject(new Error(event.message)), { once: true });
      });
      return worker;
    }),
  );
  return new Crew(kernels, helpers, control);
}
