import type { ByteSource } from '../lib/byte-source.ts';
import { PlaygroundError } from '../lib/errors.ts';
import {
  float32Entry,
  npzEntry,
  npzPieces,
  npzSizeBytes,
  streamNpz,
  type NpzEntry,
  type PieceMemory,
} from '../shards/npz.ts';
import type { NpzArchive } from '../shards/npz-read.ts';
import { dataShape, int64Array, offsetsOf, readShardInfo, type ShardInfo } from '../shards/shard-rows.ts';

/**
 * The one file a person leaves with: all shards of an extraction merged into a .npz, with the labels of the day.
 * The same embeddings, labels and metadata give the same bytes, whatever the shards' sizes and order were.
 */

/** What is known of a clip today; labels may change without the shards changing. */
export interface ClipLabels {
  readonly label: string | null;
  readonly speaker: string | null;
  readonly split: string | null;
  /** Further columns of the CSV; not written into the file. */
  readonly columns?: Readonly<Record<string, string>>;
}

export interface MergeRequest {
  /** In any order; ranges may have gaps but no two shards may hold the same example. */
  readonly shards: readonly ByteSource[];
  /** Labels of a clip by its path without `#augN`; null or undefined when the clip is unknown. */
  labelsOf(path: string): ClipLabels | null | undefined;
  /** Put in as JSON with sorted keys. No dates and no shard sizes: two runs of one extraction are to be equal. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface MergedEmbeddings {
  readonly examples: number;
  /** Exact size of the stream. */
  readonly sizeBytes: number;
  /** A new stream over the file at each call; pulled, so that memory stays bounded. */
  stream(): ReadableStream<Uint8Array>;
  /** The same in pieces that share their memory: each is good until the next is asked for. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** The shards given do not make one file. */
export class MergeError extends PlaygroundError {
  override readonly name: string = 'MergeError';
}

interface Row {
  readonly sampleIndex: number;
  readonly shard: ShardInfo;
  readonly row: number;
  readonly path: string;
  readonly contentHash: string;
}

/** Consecutive rows of one shard that are also consecutive in the merged file. */
interface Run {
  readonly archive: NpzArchive;
  startBytes: number;
  endBytes: number;
}

const CHUNK_BYTES = 1 << 20;

/**
 * Reads the shards' directories and small arrays, and says how large the merged file will be. The numbers are read
 * only when the stream is.
 * @throws {MergeError} when there is nothing to merge, an example occurs twice, or shapes differ.
 */
export async function mergeEmbeddings(request: MergeRequest): Promise<MergedEmbeddings> {
  const shards: ShardInfo[] = [];
  for (const source of request.shards) shards.push(await readShardInfo(source));
  const rows = sortedRows(shards);
  const { layers, width, frameCounts } = shards[0]!;
  const runs = planRuns(rows);
  const name = frameCounts ? 'frames' : 'embeddings';
  const data = (memory: PieceMemory): AsyncIterable<Uint8Array> => readRuns(runs, name, memory);

  const entries: NpzEntry[] = [];
  if (frameCounts) {
    const offsets = offsetsOf(rows.map(({ shard, row }) => shard.frameCounts![row]!));
    entries.push(float32Entry('frames', dataShape(offsets.at(-1)!, layers, width), data));
    entries.push(npzEntry('offsets', int64Array(offsets)));
  } else entries.push(float32Entry('embeddings', dataShape(rows.length, layers, width), data));

  const clips = rows.map(({ path }) => request.labelsOf(clipPath(path)));
  const text = (name: string, values: readonly string[]): number =>
    entries.push(npzEntry(name, { shape: [values.length], data: values }));
  text(
    'labels',
    clips.map((clip) => clip?.label ?? ''),
  );
  text(
    'paths',
    rows.map(({ path }) => path),
  );
  text(
    'speakers',
    clips.map((clip) => clip?.speaker ?? ''),
  );
  if (clips.some((clip) => clip?.split))
    text(
      'splits',
      clips.map((clip) => clip?.split ?? ''),
    );
  entries.push(npzEntry('sample_index', int64Array(rows.map(({ sampleIndex }) => sampleIndex))));
  text(
    'content_hash',
    rows.map(({ contentHash }) => contentHash),
  );
  entries.push(npzEntry('metadata', { shape: [], data: [sortedJson(request.metadata)] }));

  return {
    examples: rows.length,
    sizeBytes: npzSizeBytes(entries),
    stream: () => streamNpz(entries),
    pieces: () => npzPieces(entries, 'shared'),
  };
}

/** `a/b.wav#aug2` → `a/b.wav`. */
export function clipPath(examplePath: string): string {
  return examplePath.replace(/#aug\d+$/, '');
}

function sortedRows(shards: readonly ShardInfo[]): Row[] {
  const first = shards[0];
  const rows = shards.flatMap((shard) => {
    if (
      shard.layers !== first!.layers ||
      shard.width !== first!.width ||
      (shard.frameCounts === null) !== (first!.frameCounts === null)
    )
      throw new MergeError('The shards hold embeddings of different shapes; they are not of one extraction.');
    return shard.sampleIndex.map((sampleIndex, row): Row => ({
      sampleIndex,
      shard,
      row,
      path: shard.paths[row]!,
      contentHash: shard.contentHashes[row]!,
    }));
  });
  if (rows.length === 0)
    throw new MergeError('There is nothing to export yet: no clip of this extraction has been embedded.');
  rows.sort((a, b) => a.sampleIndex - b.sampleIndex);
  for (let i = 1; i < rows.length; i += 1)
    if (rows[i]!.sampleIndex === rows[i - 1]!.sampleIndex)
      throw new MergeError(
        `Example ${rows[i]!.sampleIndex} (${rows[i]!.path}) is in two shards. Verify and repair the extraction, then export again.`,
      );
  return rows;
}

function planRuns(rows: readonly Row[]): readonly Run[] {
  const ends = new Map<ShardInfo, readonly number[]>();
  const runs: Run[] = [];
  for (const { shard, row } of rows) {
    let offsets = ends.get(shard);
    if (!offsets) {
      offsets = offsetsOf(shard.frameCounts ?? shard.sampleIndex.map(() => 1));
      ends.set(shard, offsets);
    }
    const rowBytes = shard.layers * shard.width * 4;
    const startBytes = offsets[row]! * rowBytes;
    const endBytes = offsets[row + 1]! * rowBytes;
    const last = runs.at(-1);
    if (last?.archive === shard.archive && last.endBytes === startBytes) last.endBytes = endBytes;
    else runs.push({ archive: shard.archive, startBytes, endBytes });
  }
  return runs;
}

async function* readRuns(
  runs: readonly Run[],
  name: string,
  memory: PieceMemory,
): AsyncGenerator<Uint8Array> {
  let spare = memory === 'shared' ? new ArrayBuffer(CHUNK_BYTES) : undefined;
  for (const { archive, startBytes, endBytes } of runs)
    for (let at = startBytes; at < endBytes; at += CHUNK_BYTES) {
      const piece = await archive.readData(name, at, Math.min(at + CHUNK_BYTES, endBytes), spare);
      yield piece;
      // Sent to another thread, the memory came back as another buffer.
      if (spare?.byteLength === 0 && piece.buffer instanceof ArrayBuffer) spare = piece.buffer;
    }
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    entry !== null && typeof entry === 'object' && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
