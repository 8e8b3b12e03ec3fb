import type { EncoderConfig } from '../config.ts';
import type { Checkpoint, TensorDtype, TensorEntry } from './checkpoint.ts';
import {
  DuplicateTensorError,
  MissingTensorError,
  NonFiniteTensorError,
  TensorShapeError,
  UnsupportedDtypeError,
} from './errors.ts';
import { MASK_EMBEDDING, expectedTensors } from './expected-tensors.ts';
import { isFloatDtype } from './stored-tensor.ts';
import type { StoredTensor } from './stored-tensor.ts';

/** Where a checkpoint's parts come from; `rename` brings a file's names to Hugging Face's. */
export interface CheckpointParts {
  readonly config: EncoderConfig;
  readonly doNormalize: boolean;
  readonly tensors: readonly StoredTensor[];
  readonly rename: (name: string) => string;
  /** The weights file, for messages. */
  readonly path: string;
}

/**
 * Picks the tensors that the encoder needs, under canonical names, and checks their shapes. Everything else in the
 * file (heads, quantizers, counters) is left out.
 * @throws MissingTensorError, TensorShapeError, DuplicateTensorError, UnsupportedDtypeError
 */
export function assembleCheckpoint(parts: CheckpointParts): Checkpoint {
  const { config, path } = parts;
  const expected = expectedTensors(config);
  expected.set(MASK_EMBEDDING, [config.hiddenSize]);
  const found = new Map<string, StoredTensor>();
  for (const tensor of parts.tensors) {
    const name = parts.rename(tensor.name);
    if (!expected.has(name)) continue;
    if (found.has(name)) {
      throw new DuplicateTensorError(`${path} holds ${name} twice; which one is meant cannot be known.`);
    }
    found.set(name, tensor);
  }
  checkComplete(path, expected, found, parts.tensors.length);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, shape] of expected) {
    const tensor = found.get(name);
    if (tensor === undefined) continue;
    if (tensor.shape.join() !== shape.join()) {
      throw new TensorShapeError(
        `${name} in ${path} has shape [${tensor.shape.join(', ')}]; config.json asks for [${shape.join(', ')}]. ` +
          'The two files do not belong together.',
      );
    }
    if (!isFloatDtype(tensor.dtype)) {
      throw new UnsupportedDtypeError(
        `${name} in ${path} is stored as ${tensor.dtype}; weights must be F32, F16, BF16 or F64.`,
      );
    }
    tensors.set(name, finiteTensor(path, name, tensor, tensor.dtype));
  }
  return { config, doNormalize: parts.doNormalize, tensors };
}

function checkComplete(
  path: string,
  expected: ReadonlyMap<string, unknown>,
  found: ReadonlyMap<string, unknown>,
  total: number,
): void {
  const missing = [...expected.keys()].filter((name) => name !== MASK_EMBEDDING && !found.has(name));
  if (missing.length === 0) return;
  const some = missing.slice(0, 3).join(', ') + (missing.length > 3 ? '…' : '');
  throw new MissingTensorError(
    found.size === 0
      ? `None of the ${total} tensors in ${path} belongs to the encoder that config.json describes.`
      : `${path} lacks ${missing.length} of the tensors that config.json asks for: ${some}.`,
  );
}

function finiteTensor(path: string, name: string, tensor: StoredTensor, dtype: TensorDtype): TensorEntry {
  return {
    name,
    shape: tensor.shape,
    dtype,
    read: async () => {
      const values = await tensor.read();
      if (!isAllFinite(values)) {
        const index = values.findIndex((value) => !Number.isFinite(value));
        throw new NonFiniteTensorError(
          `${name} in ${path} holds ${values[index]} at position ${index}. These weights are damaged.`,
        );
      }
      return values;
    },
  };
}

/** A sum of zeros unless a value is NaN or infinite: 1.7 GB/s, where a callback for each value does 0.2. */
function isAllFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (values[i] ?? 0) * 0;
  return sum === 0;
}
