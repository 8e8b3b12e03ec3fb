import { mergeEmbeddings, type ClipLabels, type MergedEmbeddings } from '../../export/embeddings-npz.ts';
import type { ByteSource } from '../../lib/byte-source.ts';
import type { RecordRef, RecordStore } from '../../shards/store.ts';
import { errorInWords, NotEnoughSpaceError, UnknownIdError } from '../errors.ts';
import type { ExtractionJob } from './extraction-job.ts';
import { rowCount } from './extraction-record.ts';

const EXPORT_FOLDER = 'exports';

/** A record's payload as bytes that can be read at any place, while appends go on. */
export function recordSource(store: RecordStore, ref: RecordRef): ByteSource {
  return {
    sizeBytes: ref.sizeBytes,
    read: (start, end) => store.readRange(ref, start, end - start),
  };
}

/** All committed rows of an extraction as one merged file, with the labels of the day. */
export function mergeExtraction(
  store: RecordStore,
  job: ExtractionJob,
  labelsOf: (path: string) => ClipLabels | null,
): Promise<MergedEmbeddings> {
  const { spec } = job;
  return mergeEmbeddings({
    shards: job.shards.filter(({ meta }) => rowCount(meta) > 0).map(({ ref }) => recordSource(store, ref)),
    labelsOf,
    metadata: {
      format: 1,
      extraction: job.id,
      dataset: spec.dataset,
      encoder: {
        id: spec.encoder.id,
        name: spec.encoder.name,
        weightsHash: spec.encoder.weightsHash,
        layers: spec.encoder.layers,
        hiddenSize: spec.encoder.hiddenSize,
      },
      settings: spec.settings,
      examples: job.total,
    },
  });
}

/** A file name that says what is inside: dataset, encoder, and whether it is all of it. */
export function exportName(job: ExtractionJob): string {
  const plain = (text: string) =>
    text.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replaceAll(/^-+|-+$/g, '') || 'embeddings';
  const partial = job.isComplete ? '' : '-partial';
  return `${plain(job.spec.dataset.name)}-${plain(job.spec.encoder.name)}-${job.id.slice(0, 8)}${partial}.npz`;
}

/**
 * Writes a stream into a file of OPFS and gives it back as a lazy `File`: it can be saved through a blob address in any
 * browser without being held in memory. The file before it of the same name is replaced.
 */
export async function streamToFile(stream: ReadableStream<Uint8Array>, name: string): Promise<File> {
  const folder = await exportFolder();
  const handle = await folder.getFileHandle(name, { create: true });
  try {
    await pipeTo(stream, handle);
  } catch (error) {
    if (errorInWords(error).errorName !== 'QuotaExceededError') throw error;
    await folder.removeEntry(name);
    throw new NotEnoughSpaceError(
      `There is no room for a copy of ${name} in this browser's storage. Free disk space, or save straight to a file ` +
        '(Chrome and Edge), which needs no copy.',
      { cause: error },
    );
  }
  const file = await handle.getFile();
  return new File([file], name, { type: 'application/zip' });
}

/** Streams into a file that the person chose. */
export async function pipeTo(
  stream: ReadableStream<Uint8Array>,
  target: FileSystemFileHandle,
): Promise<void> {
  await stream.pipeTo(await target.createWritable());
}

/** Frees the copies that earlier exports left; called when the engine starts. */
export async function clearExports(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(EXPORT_FOLDER, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
  });
}

async function exportFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(EXPORT_FOLDER, { create: true });
}

/** One committed shard as a file of its own; it is an `.npz` already. @throws UnknownIdError, DamagedRecordError */
export async function shardFile(store: RecordStore, job: ExtractionJob, name: string): Promise<File> {
  const shard = job.shards.find((candidate) => candidate.name === name);
  if (!shard) throw new UnknownIdError('shard', name);
  return new File([await store.read(shard.ref)], name, { type: 'application/zip' });
}
