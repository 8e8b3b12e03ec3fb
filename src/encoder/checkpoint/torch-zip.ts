import { BigEndianError, MalformedZipError, UnsupportedCheckpointError } from './errors.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { unpickle } from './pickle.ts';
import type { StoragePlace, TorchFile } from './torch-tensor.ts';
import { payloadOffset, readEntry, readZipDirectory } from './zip-directory.ts';
import type { ZipEntry } from './zip-directory.ts';

/** A large model's is some 100 KB. */
const MAX_PICKLE_BYTES = 64 * 1024 * 1024;

/**
 * Opens what `torch.save` has written since 1.6: a zip of stored entries `NAME/data.pkl`, `NAME/data/KEY`… Only the
 * directory and the pickle are read; storages are found later, one at a time.
 */
export async function openTorchZip(file: CheckpointFile): Promise<TorchFile> {
  const entries = await readZipDirectory(file);
  const pickles = [...entries.values()].filter(({ name }) => /^[^/]*\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new UnsupportedCheckpointError(
      `${file.path} is a zip archive but not one that torch.save wrote (it needs one data.pkl).`,
    );
  }
  const root = pickle.name.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new UnsupportedCheckpointError(
      `${file.path} is a TorchScript program, not a state dictionary. Save model.state_dict() instead.`,
    );
  }
  await checkByteOrder(file, entries.get(`${root}byteorder`));
  if (pickle.sizeBytes > MAX_PICKLE_BYTES) {
    throw new MalformedZipError(`${file.path} has a pickle of ${pickle.sizeBytes} bytes, far too large.`);
  }
  const { value } = unpickle(file.path, await readEntry(file, pickle));
  return {
    file,
    value,
    place: ({ key }): StoragePlace => {
      const entry = entries.get(`${root}data/${key}`);
      if (entry === undefined) {
        throw new MalformedZipError(`${file.path} lacks the storage ${key.slice(0, 40)}. Download it again.`);
      }
      return { sizeBytes: entry.sizeBytes, start: () => payloadOffset(file, entry) };
    },
  };
}

async function checkByteOrder(file: CheckpointFile, entry: ZipEntry | undefined): Promise<void> {
  if (entry === undefined) return;
  const order = entry.sizeBytes > 16 ? '' : new TextDecoder().decode(await readEntry(file, entry)).trim();
  if (order === 'big') {
    throw new BigEndianError(
      `${file.path} was written by a big-endian machine. Load and save it with torch on another, or convert it to safetensors.`,
    );
  }
  if (order !== 'little') {
    throw new MalformedZipError(`${file.path} does not say its byte order. Download it again.`);
  }
}
