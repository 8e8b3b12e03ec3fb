/** Index of the first NaN or infinity, −1 without one. A sum of value · 0 is NaN as soon as one is in it, and fast. */
export function firstNonFinite(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]! * 0;
  return sum === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
