import type { TensorDtype } from './checkpoint.ts';

/** Bytes of one value. */
export const itemSizeBytes: Readonly<Record<TensorDtype, number>> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

/** Every float16 as float32: 65,536 entries, made on first use. */
let halfTable: Float32Array | undefined;

/** IEEE 754 binary16 bits → number, subnormals, infinities and NaN included. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Little-endian values of a stored type as float32: exact for F16, BF16 and F32, rounded to nearest for F64.
 * F32 bytes are not copied when they are aligned.
 */
export function toFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: TensorDtype): Float32Array<ArrayBuffer> {
  const count = bytes.byteLength / itemSizeBytes[dtype];
  const aligned = bytes.byteOffset % itemSizeBytes[dtype] === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case 'BF16': {
      const halves = new Uint16Array(buffer, byteOffset, count);
      const words = new Uint32Array(count);
      for (let i = 0; i < count; i += 1) words[i] = (halves[i] ?? 0) << 16;
      return new Float32Array(words.buffer);
    }
    case 'F16': {
      halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => float16ToNumber(bits));
      const table = halfTable;
      const halves = new Uint16Array(buffer, byteOffset, count);
      const values = new Float32Array(count);
      for (let i = 0; i < count; i += 1) values[i] = table[halves[i] ?? 0] ?? 0;
      return values;
    }
  }
}
