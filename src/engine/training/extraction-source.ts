import { clipPath, type ClipLabels } from '../../export/embeddings-npz.ts';
import { decodeShard, readShardInfo } from '../../shards/shard-rows.ts';
import type { RecordStore } from '../../shards/store.ts';
import { TrainingDataError } from '../../training/errors.ts';
import { recordSource } from '../extraction/extraction-export.ts';
import type { ExtractionJob } from '../extraction/extraction-job.ts';
import { rowCount } from '../extraction/extraction-record.ts';
import { FeatureCollector, sourceRow, type TrainingSourceData } from './training-source.ts';

/**
 * What an extraction has committed at this moment, as a source to train on: it may still be running. Examples are in
 * the extraction's order whatever the shards' sizes are.
 * @throws TrainingDataError while nothing is committed.
 */
export async function extractionSource(request: {
  readonly store: () => RecordStore;
  readonly job: ExtractionJob;
  readonly labelsOf: (path: string) => ClipLabels | null;
  /** Clips that a person took out of training. */
  readonly isSetAside?: (path: string) => boolean;
  readonly layer: number | null;
}): Promise<TrainingSourceData> {
  const { store, job, labelsOf, isSetAside, layer } = request;
  await job.refresh();
  const committed = job.shards.filter(({ meta }) => rowCount(meta) > 0);
  if (committed.length === 0)
    throw new TrainingDataError(
      `The extraction of “${job.spec.dataset.name}” has committed nothing yet; wait for its first shard.`,
    );
  const found: { readonly index: number; readonly id: string }[] = [];
  for (const { ref } of committed) {
    const { sampleIndex, paths } = await readShardInfo(recordSource(store(), ref));
    sampleIndex.forEach((index, row) => found.push({ index, id: paths[row]! }));
  }
  found.sort((a, b) => a.index - b.index);
  const none: ClipLabels = { label: null, speaker: null, split: null };
  const { dataset, encoder } = job.spec;
  return {
    source: {
      kind: 'extraction',
      id: job.id,
      name: dataset.name,
      encoder: encoder.name,
      dataset: dataset.id,
      layer,
    },
    rows: found
      .map(({ id }) => sourceRow(id, labelsOf(clipPath(id)) ?? none))
      .filter(({ clip }) => !isSetAside?.(clip)),
    async features(ids) {
      const collector = new FeatureCollector(ids, layer);
      await job.refresh();
      for (const { ref, meta } of job.shards) {
        if (rowCount(meta) === 0) continue;
        const shard = await decodeShard(await store().read(ref));
        collector.add({ ...shard, ids: shard.paths });
      }
      return collector.finish();
    },
  };
}
