import { MalformedPickleError, TensorSizeError, UnsupportedDtypeError } from './errors.ts';
import { readRange } from './file-bytes.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { itemSizeBytes, toFloat32 } from './float-formats.ts';
import { TorchTensor } from './pickle-values.ts';
import type { PickleValue, TorchStorage } from './pickle-values.ts';
import { elementCount, isFloatDtype } from './stored-tensor.ts';
import type { StoredDtype, StoredTensor } from './stored-tensor.ts';

/** Type and bytes per value of each torch storage class. */
const storageTypes: ReadonlyMap<string, { readonly dtype: StoredDtype; readonly bytes: number }> = new Map([
  ['FloatStorage', { dtype: 'F32', bytes: 4 }],
  ['HalfStorage', { dtype: 'F16', bytes: 2 }],
  ['BFloat16Storage', { dtype: 'BF16', bytes: 2 }],
  ['DoubleStorage', { dtype: 'F64', bytes: 8 }],
  ['LongStorage', { dtype: 'I64', bytes: 8 }],
  ['IntStorage', { dtype: 'I32', bytes: 4 }],
  ['ShortStorage', { dtype: 'I16', bytes: 2 }],
  ['CharStorage', { dtype: 'I8', bytes: 1 }],
  ['ByteStorage', { dtype: 'U8', bytes: 1 }],
  ['BoolStorage', { dtype: 'BOOL', bytes: 1 }],
]);

/** Bytes per value of a storage class by its torch name. */
export function storageItemBytes(typeName: string): number {
  const type = storageTypes.get(typeName);
  if (type === undefined) throw new MalformedPickleError(`The storage class ${typeName} is not known.`);
  return type.bytes;
}

/** Where a storage's values lie in the file. */
export interface StoragePlace {
  readonly sizeBytes: number;
  /** Offset of the first value; found when it is first needed. */
  start(): Promise<number>;
}

/** What a torch file holds, once its pickle is read. */
export interface TorchFile {
  readonly file: CheckpointFile;
  readonly value: PickleValue;
  /** @throws TensorSizeError, MalformedZipError… when the storage is not there as announced */
  place(storage: TorchStorage): StoragePlace;
}

/** Tensors of a state dictionary by their own names; values that are no tensors are passed over. */
export function storedTensors(torch: TorchFile, state: PickleValue): StoredTensor[] {
  const tensors: StoredTensor[] = [];
  if (!(state instanceof Map)) return tensors;
  for (const [name, tensor] of state) {
    if (typeof name === 'string' && tensor instanceof TorchTensor) {
      tensors.push(storedTensor(torch, name, tensor));
    }
  }
  return tensors;
}

function storedTensor(torch: TorchFile, name: string, tensor: TorchTensor): StoredTensor {
  const { path } = torch.file;
  const { storage, shape, strides, offset } = tensor;
  const itemBytes = storageItemBytes(storage.typeName);
  const place = torch.place(storage);
  if (storage.count * itemBytes !== place.sizeBytes) {
    throw new TensorSizeError(
      `${name} in ${path} claims a storage of ${storage.count} values (${storage.count * itemBytes} bytes); ` +
        `the file holds ${place.sizeBytes} bytes for it.`,
    );
  }
  const count = elementCount(shape);
  const last =
    count === 0 ? -1 : shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] ?? 0), offset);
  // A stride of 0 could ask for any number of values from a few bytes.
  if (last >= storage.count || count > storage.count) {
    throw new TensorSizeError(
      `${name} in ${path} has shape [${shape.join(', ')}] with strides [${strides.join(', ')}] at ${offset}, which ` +
        `leaves its storage of ${storage.count} values.`,
    );
  }
  const dtype = storageTypes.get(storage.typeName)?.dtype ?? 'other';
  return {
    name,
    shape,
    dtype,
    read: async () => {
      if (!isFloatDtype(dtype)) {
        throw new UnsupportedDtypeError(
          `${name} in ${path} is a ${storage.typeName}; weights must be floats.`,
        );
      }
      if (count === 0) return new Float32Array(0);
      const start = await place.start();
      const bytes = await readRange(
        torch.file,
        start + offset * itemSizeBytes[dtype],
        start + (last + 1) * itemSizeBytes[dtype],
      );
      const values = toFloat32(bytes, dtype);
      return isContiguous(shape, strides) ? values : gather(values, shape, strides, count);
    },
  };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i -= 1) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i] ?? 1;
  }
  return true;
}

/** Row-major copy of a strided view that starts at index 0 of `values`. */
function gather(
  values: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
  count: number,
): Float32Array {
  const result = new Float32Array(count);
  const index = shape.map(() => 0);
  let source = 0;
  for (let i = 0; i < count; i += 1) {
    result[i] = values[source] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1;
      source += strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      source -= next * (strides[axis] ?? 0);
    }
  }
  return result;
}
