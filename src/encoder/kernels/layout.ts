/** `[rows, columns]` → `[columns, rows]`, in blocks that stay in the cache. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  const block = 32;
  for (let r0 = 0; r0 < rows; r0 += block)
    for (let c0 = 0; c0 < columns; c0 += block) {
      const r1 = Math.min(rows, r0 + block);
      const c1 = Math.min(columns, c0 + block);
      for (let r = r0; r < r1; r += 1)
        for (let c = c0; c < c1; c += 1) result[c * rows + r] = values[r * columns + c] ?? 0;
    }
  return result;
}

/** Columns of one panel of a weight matrix in the wasm kernels. */
export const panelColumns = 8;

/** `[batch, inputs, outputs]` → `[batch, outputs/8, inputs, 8]` */
export function packPanels(
  values: Float32Array,
  batch: number,
  inputs: number,
  outputs: number,
): Float32Array {
  const packed = new Float32Array(values.length);
  let to = 0;
  for (let b = 0; b < batch; b += 1)
    for (let column = 0; column < outputs; column += panelColumns)
      for (let row = 0; row < inputs; row += 1) {
        const from = (b * inputs + row) * outputs + column;
        for (let j = 0; j < panelColumns; j += 1) packed[to + j] = values[from + j] ?? 0;
        to += panelColumns;
      }
  return packed;
}

/** `[outputs, inputs]` → `[outputs/8, inputs, 8]`: one row at a time, which is read from end to end. */
export function packLinear(values: Float32Array, inputs: number, outputs: number): Float32Array {
  const packed = new Float32Array(values.length);
  for (let output = 0; output < outputs; output += 1) {
    const from = output * inputs;
    const lane = output % panelColumns;
    const to = (output - lane) * inputs + lane;
    for (let i = 0; i < inputs; i += 1) packed[to + i * panelColumns] = values[from + i] ?? 0;
  }
  return packed;
}

/** `[outputs/8, inputs, 8]` → `[inputs, outputs]` */
export function unpackPanels(packed: Float32Array, inputs: number, outputs: number): Float32Array {
  const values = new Float32Array(packed.length);
  let from = 0;
  for (let column = 0; column < outputs; column += panelColumns)
    for (let row = 0; row < inputs; row += 1) {
      for (let j = 0; j < panelColumns; j += 1) values[row * outputs + column + j] = packed[from + j] ?? 0;
      from += panelColumns;
    }
  return values;
}
