import { BigEndianError, MalformedPickleError, TruncatedCheckpointError } from './errors.ts';
import { dataView, readRange, readUint64 } from './file-bytes.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { PickleEndError, unpickle } from './pickle.ts';
import { TorchStorage, TorchTensor } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';
import { storageItemBytes } from './torch-tensor.ts';
import type { StoragePlace, TorchFile } from './torch-tensor.ts';

/** First bytes of the magic number's pickle. */
export const legacyMagic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46] as const;

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;
const FIRST_WINDOW_BYTES = 1024 * 1024;
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;

/**
 * Opens what `torch.save` wrote before 1.6: five pickles (magic number, protocol version, system, value, storage
 * keys), then for each key an int64 count and the raw values.
 */
export async function openTorchLegacy(file: CheckpointFile): Promise<TorchFile> {
  const { values, end } = await readPickles(file);
  const [magic, version, system, value = null, keys = null] = values;
  if (magic !== MAGIC_NUMBER || version !== PROTOCOL_VERSION || !(system instanceof Map)) {
    throw new MalformedPickleError(`${file.path} starts like an old torch file but is none.`);
  }
  if (system.get('little_endian') !== true) {
    throw new BigEndianError(
      `${file.path} was written by a big-endian machine. Load and save it with torch on another, or convert it to safetensors.`,
    );
  }
  const places = await readPlaces(file, end, keys, itemBytesByKey(value));
  return {
    file,
    value,
    place: ({ key }) => {
      const place = places.get(key);
      if (place === undefined) {
        throw new MalformedPickleError(
          `${file.path} lacks the storage ${key.slice(0, 40)}. Download it again.`,
        );
      }
      return place;
    },
  };
}

/** The five pickles; their length is not announced, so they are read in a window that grows. */
async function readPickles(file: CheckpointFile): Promise<{ values: PickleValue[]; end: number }> {
  for (let window = FIRST_WINDOW_BYTES; ; window *= 8) {
    const size = Math.min(window, MAX_WINDOW_BYTES, file.blob.size);
    const bytes = await readRange(file, 0, size);
    try {
      const values: PickleValue[] = [];
      let end = 0;
      while (values.length < 5) {
        const pickle = unpickle(file.path, bytes, end);
        values.push(pickle.value);
        end = pickle.end;
      }
      return { values, end };
    } catch (error) {
      if (!(error instanceof PickleEndError) || window >= MAX_WINDOW_BYTES) throw error;
      if (size === file.blob.size) {
        throw new TruncatedCheckpointError(error.message, { cause: error });
      }
    }
  }
}

/** Each storage's values have the size of the type that its tensors name. */
function itemBytesByKey(value: PickleValue): Map<string, number> {
  const sizes = new Map<string, number>();
  const seen = new Set<PickleValue>();
  const pending: PickleValue[] = [value];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (seen.has(item)) continue;
    seen.add(item);
    if (item instanceof TorchTensor) pending.push(item.storage);
    else if (item instanceof TorchStorage) sizes.set(item.key, storageItemBytes(item.typeName));
    else if (item instanceof Map) for (const child of item.values()) pending.push(child);
    else if (Array.isArray(item)) for (const child of item) pending.push(child);
  }
  return sizes;
}

async function readPlaces(
  file: CheckpointFile,
  start: number,
  keys: PickleValue,
  itemBytes: ReadonlyMap<string, number>,
): Promise<Map<string, StoragePlace>> {
  if (!Array.isArray(keys)) throw new MalformedPickleError(`${file.path} lacks its list of storages.`);
  const places = new Map<string, StoragePlace>();
  let offset = start;
  for (const key of keys) {
    const bytes = typeof key === 'string' ? itemBytes.get(key) : undefined;
    if (typeof key !== 'string' || bytes === undefined) {
      throw new MalformedPickleError(`${file.path} lists a storage of no tensor. Download it again.`);
    }
    const count = readUint64(dataView(await readRange(file, offset, offset + 8)), 0);
    const values = offset + 8;
    const sizeBytes = count * bytes;
    if (values + sizeBytes > file.blob.size) {
      throw new TruncatedCheckpointError(
        `${file.path} is cut off inside the storage ${key.slice(0, 40)}. Download it again.`,
      );
    }
    places.set(key, { sizeBytes, start: () => Promise.resolve(values) });
    offset = values + sizeBytes;
  }
  return places;
}
