import {
  kernelNames,
  kernelTable,
  sharedBytes,
  takeTasks,
  viewShared,
  word,
  type Kernel,
  type KernelName,
  type SharedJob,
  type ThreadStart,
} from './protocol.ts';

/** Looks this often for the other threads to finish before it sleeps, where it may. */
const spins = 20_000;

/** Runs kernels on tfjs's wasm heap, on the calling thread and on threads of its own. */
export class KernelPool {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly #job: SharedJob;
  readonly #kernels: readonly Kernel[];
  readonly #exports: WebAssembly.Exports;
  readonly #workers: readonly Worker[];

  private constructor(
    instance: WebAssembly.Instance,
    memory: WebAssembly.Memory,
    shared: SharedArrayBuffer,
    workers: readonly Worker[],
  ) {
    this.memory = memory;
    this.threads = workers.length + 1;
    this.#job = viewShared(shared);
    this.#kernels = kernelTable(instance);
    this.#exports = instance.exports;
    this.#workers = workers;
  }

  /** Starts `threads − 1` workers on the shared memory. */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    threads: number,
  ): Promise<KernelPool> {
    const shared = new SharedArrayBuffer(sharedBytes);
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    const workers = await Promise.all(
      Array.from({ length: threads - 1 }, (_, i) => startThread({ module, memory, shared, thread: i + 1 })),
    );
    return new KernelPool(instance, memory, shared, workers);
  }

  /** Runs a kernel over [0, rows), `grain` at a time; returns when all are done. */
  run(name: KernelName, rows: number, values: readonly number[], grain = 1): void {
    const job = this.#job;
    const { control } = job;
    job.values.set(values);
    Atomics.store(control, word.argumentCount, values.length);
    Atomics.store(control, word.kernel, kernelNames.indexOf(name));
    Atomics.store(control, word.rows, rows);
    Atomics.store(control, word.grain, grain);
    Atomics.store(control, word.nextTask, 0);
    if (rows > grain && this.#workers.length > 0) {
      Atomics.store(control, word.isOpen, 1);
      Atomics.add(control, word.generation, 1);
      Atomics.notify(control, word.generation);
    }
    try {
      takeTasks(job, this.#kernels, 0);
    } finally {
      Atomics.store(control, word.isOpen, 0);
      this.#awaitThreads();
    }
  }

  /** Calls a kernel that gives a number. */
  ask(name: string, ...values: readonly number[]): number {
    const kernel = this.#exports[name];
    if (typeof kernel !== 'function') throw new Error(`The kernel binary lacks "${name}".`);
    return Number(kernel(...values));
  }

  dispose(): void {
    for (const worker of this.#workers) worker.terminate();
  }

  #awaitThreads(): void {
    const { control } = this.#job;
    for (let i = 0; Atomics.load(control, word.active) > 0; i += 1) {
      // A page's main thread may not sleep, and only spins.
      if (i < spins || typeof WorkerGlobalScope === 'undefined') continue;
      const active = Atomics.load(control, word.active);
      if (active > 0) Atomics.wait(control, word.active, active, 1);
    }
  }
}

async function startThread(start: ThreadStart): Promise<Worker> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { type: 'module', name: 'kernels' });
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener('message', () => resolve(), { once: true });
    worker.addEventListener('error', (event) => reject(new Error(event.message)), { once: true });
    worker.postMessage(start);
  });
  return worker;
}
