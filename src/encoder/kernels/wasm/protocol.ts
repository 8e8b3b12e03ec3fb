/** What the pool of kernel threads shares: one Int32Array of control words, and the arguments after them. */
export const word = {
  /** Counts jobs; a change wakes the threads. */
  generation: 0,
  /** 1 while tasks may be taken. */
  isOpen: 1,
  /** Threads that are inside the job. The caller goes on when it is 0, without waiting for late risers. */
  active: 2,
  /** Index into `kernelNames`. */
  kernel: 3,
  /** Rows (or heads, or groups) in all, and how many are taken at a time. */
  rows: 4,
  grain: 5,
  nextTask: 6,
  argumentCount: 7,
} as const;

export const controlWords = 16;
export const maxArguments = 24;

/** Kernels that split into tasks; each takes its own arguments, then start, end and thread. */
export const kernelNames = [
  'gemm',
  'layerNorm',
  'attention',
  'packKeysValues',
  'positionGate',
  'gatherGroups',
] as const;

export type KernelName = (typeof kernelNames)[number];
export type Kernel = (...values: number[]) => void;

export interface SharedJob {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly values: Float64Array<SharedArrayBuffer>;
}

/** What a new thread is told. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly shared: SharedArrayBuffer;
  readonly thread: number;
}

export const sharedBytes = controlWords * 4 + maxArguments * 8;

export function viewShared(buffer: SharedArrayBuffer): SharedJob {
  return {
    control: new Int32Array(buffer, 0, controlWords),
    values: new Float64Array(buffer, controlWords * 4, maxArguments),
  };
}

/** Takes tasks until none is left. Which thread takes which does not change a result. */
export function takeTasks(job: SharedJob, kernels: readonly Kernel[], thread: number): void {
  const { control, values } = job;
  const kernel = kernels[Atomics.load(control, word.kernel)];
  if (!kernel) return;
  const rows = Atomics.load(control, word.rows);
  const grain = Atomics.load(control, word.grain);
  const own = Array.from(values.subarray(0, Atomics.load(control, word.argumentCount)));
  for (;;) {
    const start = Atomics.add(control, word.nextTask, 1) * grain;
    if (start >= rows) return;
    kernel(...own, start, Math.min(rows, start + grain), thread);
  }
}

/** The exports by index. */
export function kernelTable(instance: WebAssembly.Instance): Kernel[] {
  return kernelNames.map((name) => {
    const kernel = instance.exports[name];
    if (typeof kernel !== 'function') throw new Error(`The kernel binary lacks "${name}".`);
    return (...values: number[]) => {
      kernel(...values);
    };
  });
}
