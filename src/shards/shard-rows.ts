import { bytesSource, type ByteSource } from '../lib/byte-source.ts';
import { PlaygroundError } from '../lib/errors.ts';
import type { NpyArray, NpyData } from './npy.ts';
import { encodeNpz } from './npz.ts';
import { openNpz, type NpzArchive } from './npz-read.ts';

/**
 * What a shard holds: the embeddings of some examples, as a .npz of its own. With one row an example (pooled) the
 * arrays are `embeddings` `[n, D]` (or `[n, K, D]` for K > 1 layers), else `frames` `[ΣT, D]` (or `[ΣT, K, D]`) and
 * `offsets` int64 `[n + 1]`; then `sample_index` int64, `paths` and `content_hash`.
 */
export interface ShardRows {
  /** Index of each example in the whole extraction, ascending. */
  readonly sampleIndex: readonly number[];
  /** Paths with their `#augN` mark. */
  readonly paths: readonly string[];
  readonly contentHashes: readonly string[];
  /** `[n, K·D]` row-major, or frames `[ΣT, K·D]` when `frameCounts` is given. */
  readonly data: Float32Array;
  /** Frames of each example, or null when pooled. */
  readonly frameCounts: readonly number[] | null;
  /** K, layers kept. */
  readonly layers: number;
  /** D, values of one layer (twice the hidden size for mean+std). */
  readonly width: number;
}

/** Everything of a shard but its numbers. */
export interface ShardInfo {
  readonly sampleIndex: readonly number[];
  readonly paths: readonly string[];
  readonly contentHashes: readonly string[];
  readonly frameCounts: readonly number[] | null;
  readonly layers: number;
  readonly width: number;
  readonly archive: NpzArchive;
}

/** The parts of a shard do not fit together. */
export class ShardShapeError extends PlaygroundError {
  override readonly name: string = 'ShardShapeError';
}

/** The shard's bytes; equal rows give equal bytes. */
export function encodeShard(rows: ShardRows): Uint8Array<ArrayBuffer> {
  const { sampleIndex, paths, contentHashes, data, frameCounts, layers, width } = rows;
  const n = sampleIndex.length;
  const dataRows = frameCounts ? frameCounts.reduce((sum, frames) => sum + frames, 0) : n;
  if (
    paths.length !== n ||
    contentHashes.length !== n ||
    (frameCounts && frameCounts.length !== n) ||
    data.length !== dataRows * layers * width
  )
    throw new ShardShapeError(
      `A shard of ${n} examples was given ${paths.length} paths, ${contentHashes.length} content hashes and ${data.length} numbers for ${dataRows} rows of ${layers} × ${width}.`,
    );
  const shape = dataShape(dataRows, layers, width);
  const arrays: Record<string, NpyArray> = frameCounts
    ? { frames: { shape, data }, offsets: int64Array(offsetsOf(frameCounts)) }
    : { embeddings: { shape, data } };
  return encodeNpz({
    ...arrays,
    sample_index: int64Array(sampleIndex),
    paths: { shape: [n], data: paths },
    content_hash: { shape: [n], data: contentHashes },
  });
}

/** Name with the range of examples, wide enough for the whole extraction: `shard_0000-0099.npz`. */
export function shardName(first: number, last: number, total: number): string {
  const digits = Math.max(4, String(Math.max(total - 1, last, 0)).length);
  return `shard_${String(first).padStart(digits, '0')}-${String(last).padStart(digits, '0')}.npz`;
}

/** Reads what a shard holds without its numbers. */
export async function readShardInfo(source: ByteSource): Promise<ShardInfo> {
  const archive = await openNpz(source);
  const pooled = archive.names.includes('embeddings');
  const [header, sampleIndex, paths, contentHashes, offsets] = await Promise.all([
    archive.header(pooled ? 'embeddings' : 'frames'),
    integers(archive, 'sample_index'),
    strings(archive, 'paths'),
    strings(archive, 'content_hash'),
    pooled ? null : integers(archive, 'offsets'),
  ]);
  const { shape, descr } = header;
  const n = sampleIndex.length;
  const frameCounts = offsets && offsets.slice(1).map((end, row) => end - offsets[row]!);
  const rows = offsets ? (offsets.at(-1) ?? 0) : n;
  if (
    descr !== '<f4' ||
    header.fortranOrder ||
    (shape.length !== 2 && shape.length !== 3) ||
    shape[0] !== rows ||
    paths.length !== n ||
    contentHashes.length !== n ||
    (frameCounts && (frameCounts.length !== n || frameCounts.some((count) => count < 0)))
  )
    throw new ShardShapeError(
      `The shard's arrays do not belong together: ${n} examples, data [${shape.join(', ')}].`,
    );
  return {
    sampleIndex,
    paths,
    contentHashes,
    frameCounts,
    layers: shape.length === 3 ? shape[1]! : 1,
    width: shape.at(-1)!,
    archive,
  };
}

/** Reads a whole shard, checksums verified; the inverse of {@link encodeShard}. */
export async function decodeShard(bytes: Uint8Array): Promise<ShardRows> {
  const { archive, ...info } = await readShardInfo(bytesSource(bytes));
  const { data } = await archive.read(info.frameCounts ? 'frames' : 'embeddings');
  if (!(data instanceof Float32Array)) throw new ShardShapeError('The shard does not hold 32-bit floats.');
  return { ...info, data };
}

/** `[rows, D]`, or `[rows, K, D]` when several layers are kept. */
export function dataShape(rows: number, layers: number, width: number): readonly number[] {
  return layers > 1 ? [rows, layers, width] : [rows, width];
}

export function int64Array(values: readonly number[]): NpyArray {
  return { shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** Where each example's frames begin, and at last where they end. */
export function offsetsOf(frameCounts: readonly number[]): number[] {
  const offsets = [0];
  for (const count of frameCounts) offsets.push(offsets.at(-1)! + count);
  return offsets;
}

async function integers(archive: NpzArchive, name: string): Promise<number[]> {
  const { data } = await archive.read(name);
  return Array.from(data as ArrayLike<NpyData[number]>, Number);
}

async function strings(archive: NpzArchive, name: string): Promise<readonly string[]> {
  const { data } = await archive.read(name);
  return Array.from(data as ArrayLike<NpyData[number]>, String);
}
