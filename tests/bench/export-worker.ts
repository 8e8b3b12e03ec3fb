/** Fills the record store with shards, and merges them into a file as an export does. */
import { writeExport } from '../../src/engine/export-file.ts';
import { recordSource } from '../../src/engine/extraction/extraction-export.ts';
import { mergeEmbeddings } from '../../src/export/embeddings-npz.ts';
import { encodeShard, shardName } from '../../src/shards/shard-rows.ts';
import { openStoreInWorker } from '../../src/shards/worker-store.ts';

export type ExportRequest = { readonly kind: 'fill'; readonly shards: number } | { readonly kind: 'merge' };

export interface ExportFigures {
  readonly seconds: number;
  readonly sizeBytes: number;
  readonly examples: number;
}

/** WavLM base with all its hidden states, pooled: 39,936 bytes an example. */
const layers = 13;
const width = 768;
const shardSize = 100;
const job = 'export';

async function fill(shards: number): Promise<ExportFigures> {
  const store = await openStoreInWorker();
  const data = new Float32Array(shardSize * layers * width);
  let sizeBytes = 0;
  const start = performance.now();
  for (let shard = 0; shard < shards; shard += 1) {
    const sampleIndex = Array.from({ length: shardSize }, (_, row) => shard * shardSize + row);
    const bytes = encodeShard({
      sampleIndex,
      paths: sampleIndex.map((index) => `speaker/session/clip_${index}.wav`),
      contentHashes: sampleIndex.map((index) => String(index).padStart(32, '0')),
      data: data.fill(shard),
      frameCounts: null,
      layers,
      width,
    });
    const [first = 0, last = 0] = [sampleIndex[0], sampleIndex.at(-1)];
    await store.append(job, 'shard', shardName(first, last, shards * shardSize), { first, last }, bytes);
    sizeBytes += bytes.length;
  }
  await store.close();
  return { seconds: (performance.now() - start) / 1000, sizeBytes, examples: shards * shardSize };
}

async function merge(): Promise<ExportFigures> {
  const store = await openStoreInWorker();
  const refs = await store.records(job, 'shard');
  const start = performance.now();
  const merged = await mergeEmbeddings({
    shards: refs.map((ref) => recordSource(store, ref)),
    labelsOf: () => ({ label: 'a', speaker: 'b', split: null }),
    metadata: { layers },
  });
  const file = await writeExport(merged.pieces(), 'merged.npz');
  const seconds = (performance.now() - start) / 1000;
  if (file.size !== merged.sizeBytes)
    throw new Error(`The file has ${file.size} bytes instead of ${merged.sizeBytes}.`);
  return { seconds, sizeBytes: file.size, examples: merged.examples };
}

addEventListener('message', ({ data }: MessageEvent<ExportRequest>) => {
  (data.kind === 'fill' ? fill(data.shards) : merge()).then(
    (figures) => postMessage(figures),
    (error: unknown) =>
      setTimeout(() => {
        throw error;
      }),
  );
});
