import { sizeOf } from './compute/compute.ts';
import { CheckpointError } from './errors.ts';

/** Small reader and writer of safetensors for checkpoints: an 8-byte header length, JSON, then the data. */

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | Int32Array;
}

const types = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;
type TypeName = keyof typeof types;

interface TensorEntry {
  readonly dtype: TypeName;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Bytes of a safetensors file; equal input gives equal bytes. Wider types come first, so that all are aligned. */
export function encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const ordered = tensors.toSorted((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, values } of ordered) {
    header[name] = { dtype: typeName(values), shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerSize = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerSize + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerSize), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerSize);
  let at = 8 + headerSize;
  for (const { values } of ordered) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** @throws CheckpointError on anything that is not a whole safetensors file of float32, float64 and int32. */
export function decodeSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  fileName: string,
): { readonly tensors: NamedTensor[]; readonly metadata: Readonly<Record<string, string>> } {
  const damaged = (why: string): CheckpointError =>
    new CheckpointError(`${fileName} cannot be read: ${why}. Go back to an older checkpoint.`);
  if (bytes.length < 8) throw damaged('it is shorter than its header');
  const headerSize = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerSize > bytes.length - 8) throw damaged('it ends in the middle of its header');
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerSize))) as Record<
      string,
      unknown
    >;
  } catch {
    throw damaged('its header is no JSON');
  }
  const metadata = (header['__metadata__'] ?? {}) as Record<string, string>;
  const data = bytes.subarray(8 + headerSize);
  let end = 0;
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]): NamedTensor => {
      const entry = value as TensorEntry;
      const type = types[entry.dtype];
      const [from, to] = entry.data_offsets;
      if (!type) throw damaged(`“${name}” is of type ${entry.dtype as string}`);
      if (to > data.length) throw damaged(`it ends in the middle of “${name}”`);
      if (to - from !== sizeOf(entry.shape) * type.BYTES_PER_ELEMENT)
        throw damaged(`“${name}” has a wrong size`);
      end = Math.max(end, to);
      return { name, shape: entry.shape, values: new type(data.slice(from, to).buffer) };
    });
  if (end !== data.length) throw damaged('it is longer than its header says');
  return { tensors, metadata };
}

function typeName(values: NamedTensor['values']): TypeName {
  if (values instanceof Float32Array) return 'F32';
  return values instanceof Float64Array ? 'F64' : 'I32';
}
