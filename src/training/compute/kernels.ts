import { kernelsBase64 } from './kernels-binary.ts';

/** The functions of assembly/training.ts; pointers are byte offsets into the shared memory. */
export interface Kernels {
  gemmScratchBytes(rows: number): number;
  gemm(
    rows: number,
    columnStart: number,
    columnEnd: number,
    depth: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    c: number,
    cRow: number,
    scratch: number,
  ): void;
  adamw(
    parameter: number,
    gradient: number,
    mean: number,
    square: number,
    start: number,
    end: number,
    decay: number,
    oneMinusBeta1: number,
    beta2: number,
    oneMinusBeta2: number,
    root: number,
    epsilon: number,
    stepSize: number,
  ): void;
  sumOfSquares(values: number, count: number): number;
}

export const maximumPages = 32768;

/** Compiles the kernels over a memory of the caller's (shared, at most `maximumPages`). */
export async function loadKernels(memory: WebAssembly.Memory): Promise<Kernels> {
  const bytes = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
