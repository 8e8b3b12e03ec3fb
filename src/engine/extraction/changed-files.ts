import { clipPath } from '../../export/embeddings-npz.ts';
import { xxh128Stream } from '../../lib/digest.ts';
import { readShardInfo } from '../../shards/shard-rows.ts';
import type { RecordStore } from '../../shards/store.ts';
import { recordSource } from './extraction-export.ts';
import type { ExtractionJob } from './extraction-job.ts';
import type { CommittedShard } from './extraction-record.ts';

/** A committed shard, and those of its clips whose files hold something else now. */
export interface OutdatedShard {
  readonly shard: CommittedShard;
  readonly paths: readonly string[];
}

/**
 * Finds shards whose clips were changed since they were embedded, under the same path and with the same size. Only files
 * with another modification time are read; their content hash decides.
 */
export async function outdatedShards(
  job: ExtractionJob,
  store: RecordStore,
  openFile: (path: string) => File,
): Promise<OutdatedShard[]> {
  const outdated: OutdatedShard[] = [];
  for (const shard of job.shards) {
    const touched = shard.meta.modified
      .map(([utterance, lastModified]) => ({ path: job.spec.clips[utterance]!.path, lastModified }))
      .filter(({ path, lastModified }) => openFile(path).lastModified !== lastModified);
    if (touched.length === 0) continue;
    const info = await readShardInfo(recordSource(store, shard.ref));
    const hashes = new Map(info.paths.map((path, row) => [clipPath(path), info.contentHashes[row]!]));
    const paths: string[] = [];
    for (const { path } of touched) {
      const known = hashes.get(path);
      if (known === undefined) continue;
      const now = await contentHash(openFile(path));
      if (now !== null && now !== known) paths.push(path);
    }
    if (paths.length > 0) outdated.push({ shard, paths });
  }
  return outdated;
}

/** XXH3-128 of a file's bytes as decoding notes it, hex; null when the file cannot be read now. */
async function contentHash(file: File): Promise<string | null> {
  const digest = await xxh128Stream();
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return digest.hex();
      digest.update(value);
    }
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}
