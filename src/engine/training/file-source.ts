import { xxh128Stream } from '../../lib/digest.ts';
import { blobSource, type ByteSource } from '../../lib/byte-source.ts';
import type { NpyArray } from '../../shards/npy.ts';
import { openNpz, type NpzArchive } from '../../shards/npz-read.ts';
import type { RecordStore } from '../../shards/store.ts';
import { TrainingDataError } from '../../training/errors.ts';
import { UnknownIdError } from '../errors.ts';
import type { RunSource } from './run-record.ts';
import { FeatureCollector, sourceRow, type TrainingSourceData } from './training-source.ts';

const PREFIX = 'npz-';
const KIND = 'npz';

/** Copies a file into the store, once for the same bytes; its id is their digest. @throws TrainingDataError */
export async function keepFile(
  store: RecordStore,
  file: File,
): Promise<{ readonly id: string; readonly name: string }> {
  await checkArrays(await openNpz(blobSource(file)), file.name);
  const digest = await xxh128Stream();
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < file.size; start += 1 << 24) {
    const piece = new Uint8Array(await file.slice(start, start + (1 << 24)).arrayBuffer());
    digest.update(piece);
    pieces.push(piece);
  }
  const id = digest.hex();
  if (!(await store.find(PREFIX + id, KIND, KIND)))
    await store.append(PREFIX + id, KIND, KIND, { name: file.name }, pieces);
  return { id, name: file.name };
}

/** Takes a kept file out, when no run needs it any more. */
export async function dropKeptFile(store: RecordStore, id: string): Promise<void> {
  await store.removeJob(PREFIX + id);
}

/**
 * An `.npz` that was kept: `embeddings` `[N, D]` or `[N, K, D]` (or `frames` and `offsets`) and `labels`; `speakers`,
 * `splits` and `paths` where it has them. Files of this app and of others alike.
 */
export async function openKeptFile(store: RecordStore, source: RunSource): Promise<TrainingSourceData> {
  const ref = await store.find(PREFIX + source.id, KIND, KIND);
  if (!ref) throw new UnknownIdError('embeddings file', source.name);
  const bytes: ByteSource = {
    sizeBytes: ref.sizeBytes,
    read: (start, end, spare) => store.readRange(ref, start, end - start, spare),
  };
  return sourceOf(bytes, source);
}

/** The same without keeping it: for a look, a map, a cross-validation. @throws TrainingDataError */
export function openFile(file: File, layer: number | null): Promise<TrainingSourceData> {
  const source = { kind: 'file', id: '', name: file.name, encoder: null, dataset: null, layer } as const;
  return sourceOf(blobSource(file), source);
}

async function sourceOf(bytes: ByteSource, source: RunSource): Promise<TrainingSourceData> {
  const archive = await openNpz(bytes);
  const count = await checkArrays(archive, source.name);
  const labels = await texts(archive, 'labels', count);
  const speakers = await texts(archive, 'speakers', count);
  const splits = await texts(archive, 'splits', count);
  const paths = await texts(archive, 'paths', count);
  const ids = uniqueIds(paths, count);
  return {
    source,
    rows: ids.map((id, row) =>
      sourceRow(id, {
        label: labels?.[row] || null,
        speaker: speakers?.[row] || null,
        split: splits?.[row] || null,
      }),
    ),
    async features(wanted) {
      const collector = new FeatureCollector(wanted, source.layer);
      const hasFrames = archive.names.includes('frames');
      const { shape, data } = await archive.read(hasFrames ? 'frames' : 'embeddings');
      const offsets = hasFrames ? numbers(await archive.read('offsets')) : null;
      collector.add({
        ids,
        data: data instanceof Float32Array ? data : Float32Array.from(numbers({ shape, data })),
        frameCounts: offsets && offsets.slice(1).map((end, row) => end - offsets[row]!),
        layers: shape.length === 3 ? shape[1]! : 1,
        width: shape.at(-1)!,
      });
      return collector.finish();
    },
  };
}

/** Examples in the file. @throws TrainingDataError when it holds nothing to train on. */
async function checkArrays(archive: NpzArchive, name: string): Promise<number> {
  const has = (array: string): boolean => archive.names.includes(array);
  const hasFrames = has('frames') && has('offsets');
  if (!hasFrames && !has('embeddings'))
    throw new TrainingDataError(
      `${name} holds no array “embeddings” (it holds ${archive.names.join(', ') || 'nothing'}); save it by np.savez(file, embeddings=…, labels=…).`,
    );
  if (!has('labels') && !has('speakers'))
    throw new TrainingDataError(
      `${name} holds embeddings but no “labels”, so there is nothing to learn; save them beside as one text or number per row.`,
    );
  const { shape, fortranOrder } = await archive.header(hasFrames ? 'frames' : 'embeddings');
  if ((shape.length !== 2 && shape.length !== 3) || fortranOrder)
    throw new TrainingDataError(
      `The embeddings in ${name} are [${shape.join(', ')}]${fortranOrder ? ' in Fortran order' : ''}; they have to be [N, D] or [N, layers, D] in C order.`,
    );
  const count = hasFrames ? ((await archive.header('offsets')).shape[0] ?? 1) - 1 : shape[0]!;
  for (const array of ['labels', 'speakers', 'splits', 'paths']) {
    if (!has(array)) continue;
    const rows = (await archive.header(array)).shape[0] ?? 0;
    if (rows !== count)
      throw new TrainingDataError(`${name} holds ${count} embeddings but ${rows} ${array}.`);
  }
  return count;
}

async function texts(archive: NpzArchive, name: string, count: number): Promise<string[] | null> {
  if (!archive.names.includes(name)) return null;
  const { data } = await archive.read(name);
  return Array.from({ length: count }, (_, row) => String(data[row]));
}

/** Paths where they are there and tell rows apart, else the rows' numbers. */
function uniqueIds(paths: readonly string[] | null, count: number): readonly string[] {
  if (paths && new Set(paths).size === count) return paths;
  return Array.from({ length: count }, (_, row) => (paths ? `${paths[row]} (row ${row})` : `row ${row}`));
}

function numbers({ data }: NpyArray): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
