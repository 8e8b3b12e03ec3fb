import { mergeEmbeddings, type ClipLabels, type MergedEmbeddings } from '../../export/embeddings-npz.ts';
import type { ByteSource } from '../../lib/byte-source.ts';
import type { RecordRef, RecordStore } from '../../shards/store.ts';
import { UnknownIdError } from '../errors.ts';
import type { ExtractionJob } from './extraction-job.ts';
import { rowCount } from './extraction-record.ts';

/** A record's payload as bytes that can be read at any place, while appends go on. */
export function recordSource(store: RecordStore, ref: RecordRef): ByteSource {
  return {
    sizeBytes: ref.sizeBytes,
    read: (start, end, spare) => store.readRange(ref, start, end - start, spare),
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

/** One committed shard as a file of its own; it is an `.npz` already. @throws UnknownIdError, DamagedRecordError */
export async function shardFile(store: RecordStore, job: ExtractionJob, name: string): Promise<File> {
  const shard = job.shards.find((candidate) => candidate.name === name);
  if (!shard) throw new UnknownIdError('shard', name);
  return new File([await store.read(shard.ref)], name, { type: 'application/zip' });
}
