import type { Kernels } from './kernels.ts';

/** What a helper gets to start with. */
export interface CrewStart {
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** Its place in the crew, from 1; 0 is the caller. */
  readonly member: number;
  readonly threads: number;
}

export const jobKinds = { multiply: 0, adamw: 1 } as const;

/** Numbers of jobs: at 0 the newest, at k the last one that member k has done. */
export function jobs(control: SharedArrayBuffer): Int32Array {
  return new Int32Array(control, 0, 16);
}

/** Kind and arguments of the newest job. */
export function jobArguments(control: SharedArrayBuffer): Float64Array {
  return new Float64Array(control, 64, 16);
}

/** Does one member's part of a job. */
export function runJob(kernels: Kernels, job: Float64Array, member: number, threads: number): void {
  const at = (i: number): number => job[i]!;
  if (at(0) === jobKinds.multiply) {
    const [start, end] = share(at(2), 8, member, threads);
    if (start < end)
      kernels.gemm(
        at(1),
        start,
        end,
        at(3),
        at(4),
        at(5),
        at(6),
        at(7),
        at(8),
        at(9),
        at(10),
        at(2),
        at(11) + member * at(12),
      );
    return;
  }
  const [start, end] = share(at(1), 4, member, threads);
  if (start < end)
    kernels.adamw(at(2), at(3), at(4), at(5), start, end, at(6), at(7), at(8), at(9), at(10), at(11), at(12));
}

/** A member's range of `count` items, its start a multiple of `unit`. */
function share(count: number, unit: number, member: number, threads: number): [number, number] {
  const size = Math.ceil(Math.ceil(count / unit) / threads) * unit;
  return [Math.min(count, member * size), Math.min(count, (member + 1) * size)];
}
