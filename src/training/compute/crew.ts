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

/** Threads that share out work over one memory; results do not depend on how many they are. */
export interface Crew {
  multiply(product: Product, scratch: number, scratchBytes: number): void;
  adamw(
    pointers: readonly [number, number, number, number],
    count: number,
    scalars: readonly [number, number, number, number, number, number, number],
  ): void;
  dismiss(): void;
}
