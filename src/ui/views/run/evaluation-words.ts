/** Row-major `[C, C]` as rows. */
export const rowsOf = (flat: readonly number[], classes: number): readonly (readonly number[])[] =>
  Array.from({ length: classes }, (_, row) => flat.slice(row * classes, (row + 1) * classes));
