import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clipPath, mergeEmbeddings, MergeError } from '../../../src/export/embeddings-npz.ts';
import { bytesSource, type ByteSource } from '../../../src/lib/byte-source.ts';
import { openNpz } from '../../../src/shards/npz-read.ts';
import {
  decodeShard,
  encodeShard,
  shardName,
  ShardShapeError,
  type ShardRows,
} from '../../../src/shards/shard-rows.ts';
import { NO_NUMPY, pythonWithNumpy, runNumpy } from '../shards/numpy.ts';

/** Rows of an extraction of the test's own: example i holds i·1000, i·1000+1, … */
function rowsOf(indices: readonly number[], layers = 1, frames = false): ShardRows {
  const width = 4;
  const frameCounts = frames ? indices.map((index) => 1 + (index % 3)) : null;
  const values = indices.flatMap((index, row) =>
    Array.from({ length: (frameCounts?.[row] ?? 1) * layers * width }, (_, i) => index * 1000 + i),
  );
  return {
    sampleIndex: indices,
    paths: indices.map((index) => `ä/${index >> 1}.wav${index % 2 ? '#aug1' : ''}`),
    contentHashes: indices.map((index) => `hash${index}`),
    data: Float32Array.from(values),
    frameCounts,
    layers,
    width,
  };
}

const labelsOf = (path: string) =>
  path === 'ä/0.wav' ? null : { label: `0${path.length}`, speaker: 'anna', split: null };

function merging(shards: readonly ByteSource[]): ReturnType<typeof mergeEmbeddings> {
  return mergeEmbeddings({ shards, labelsOf, metadata: { layers: [12], encoder: 'wavlm-nano' } });
}

async function merge(shards: readonly ShardRows[]): Promise<Uint8Array> {
  const merged = await merging(shards.map((rows) => bytesSource(encodeShard(rows))));
  const bytes = new Uint8Array(await new Response(merged.stream()).arrayBuffer());
  expect(bytes.length).toBe(merged.sizeBytes);
  return bytes;
}

test('a shard comes back as it was written, pooled and unpooled, with one layer and several', async () => {
  for (const layers of [1, 3])
    for (const frames of [false, true]) {
      const rows = rowsOf([0, 1, 5], layers, frames);
      expect(await decodeShard(encodeShard(rows))).toEqual(rows);
    }
});

test('a shard whose parts do not fit together is refused', () => {
  expect(() => encodeShard({ ...rowsOf([0, 1]), width: 5 })).toThrow(ShardShapeError);
  expect(() => encodeShard({ ...rowsOf([0, 1]), paths: ['a'] })).toThrow(ShardShapeError);
});

test('shard names carry the range, in as many digits as the extraction needs', () => {
  expect(shardName(0, 99, 300)).toBe('shard_0000-0099.npz');
  expect(shardName(100, 199, 10_000)).toBe('shard_0100-0199.npz');
  expect(shardName(100, 199, 10_001)).toBe('shard_00100-00199.npz');
});

test('the merged file is the same, byte for byte, however the shards were cut and ordered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(60), { minLength: 1 }),
      fc.infiniteStream(fc.nat(4)),
      fc.constantFrom(1, 3),
      fc.boolean(),
      async (picked, shardOf, layers, frames) => {
        const indices = picked.toSorted((a, b) => a - b);
        const shards = new Map<number, number[]>();
        for (const index of indices) {
          const shard = shardOf.next().value ?? 0;
          shards.set(shard, [...(shards.get(shard) ?? []), index]);
        }
        const cut = [...shards.values()].map((part) => rowsOf(part, layers, frames));
        expect(await merge(cut)).toEqual(await merge([rowsOf(indices, layers, frames)]));
      },
    ),
    { numRuns: 20 },
  );
});

/** Sources as they differ in what they do with memory that is given up: leave it, fill it, or take it to another thread. */
const sources = {
  leaves: bytesSource,
  fills: (bytes: Uint8Array): ByteSource => ({
    sizeBytes: bytes.length,
    read: (start, end, spare) => {
      const fits = spare && spare.byteLength >= end - start;
      const part = new Uint8Array(fits ? spare : new ArrayBuffer(end - start), 0, end - start);
      part.set(bytes.subarray(start, end));
      return Promise.resolve(part);
    },
  }),
  takes: (bytes: Uint8Array): ByteSource => ({
    sizeBytes: bytes.length,
    read: (start, end, spare) => {
      const taken = spare ? structuredClone(spare, { transfer: [spare] }) : undefined;
      return sources.fills(bytes).read(start, end, taken);
    },
  }),
};

test('pieces that share their memory make the same file, whatever their sources do with it, and shards stay as they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('leaves', 'fills', 'takes'), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (kinds, frames) => {
        const shards = kinds.map((_, shard) =>
          encodeShard(rowsOf([shard * 2, shard * 2 + 1, 100 + shard], 2, frames)),
        );
        const before = structuredClone(shards);
        const merged = await merging(kinds.map((kind, shard) => sources[kind](shards[shard]!)));
        const parts: Uint8Array[] = [];
        for await (const piece of merged.pieces()) parts.push(piece.slice());
        const streamed = new Uint8Array(await new Response(merged.stream()).arrayBuffer());
        expect(Buffer.concat(parts)).toEqual(Buffer.from(streamed));
        expect(shards).toEqual(before);
      },
    ),
    { numRuns: 30 },
  );
});

test('rows stand in ascending sample_index with the labels of the day; unknown ones are empty text', async () => {
  const npz = await openNpz(bytesSource(await merge([rowsOf([4, 5]), rowsOf([0, 1, 2])])));
  expect(await npz.read('embeddings')).toMatchObject({ shape: [5, 4] });
  expect((await npz.read('sample_index')).data).toEqual(BigInt64Array.of(0n, 1n, 2n, 4n, 5n));
  expect((await npz.read('labels')).data).toEqual(['', '', '07', '07', '07']);
  expect((await npz.read('speakers')).data).toEqual(['', '', 'anna', 'anna', 'anna']);
  expect((await npz.read('paths')).data).toEqual([
    'ä/0.wav',
    'ä/0.wav#aug1',
    'ä/1.wav',
    'ä/2.wav',
    'ä/2.wav#aug1',
  ]);
  expect((await npz.read('metadata')).data).toEqual(['{"encoder":"wavlm-nano","layers":[12]}']);
  expect(npz.names).not.toContain('splits');
  expect(clipPath('x#aug1.wav#aug12')).toBe('x#aug1.wav');
});

test('nothing to merge, an example in two shards, and shards of different shapes are named errors', async () => {
  await expect(merge([])).rejects.toThrow(MergeError);
  await expect(merge([rowsOf([])])).rejects.toThrow(/nothing to export/);
  await expect(merge([rowsOf([1, 2]), rowsOf([2, 3])])).rejects.toThrow(/Example 2 .* is in two shards/);
  await expect(merge([rowsOf([1]), rowsOf([2], 2)])).rejects.toThrow(/different shapes/);
  await expect(merge([rowsOf([1]), rowsOf([2], 1, true)])).rejects.toThrow(/different shapes/);
});

test.skipIf(!pythonWithNumpy)(`numpy reads frames by their offsets (skipped with ${NO_NUMPY})`, async () => {
  const files = { 'a.npz': await merge([rowsOf([2, 3], 2, true), rowsOf([0, 1], 2, true)]) };
  const script = `
z = np.load('a.npz', allow_pickle=False)
o = z['offsets']
print(json.dumps([list(z['frames'].shape), o.tolist(), [z['frames'][a:b].ravel().tolist() for a, b in zip(o, o[1:])], z['content_hash'].tolist()]))`;
  const indices = [0, 1, 2, 3];
  expect(JSON.parse(runNumpy(files, script))).toEqual([
    [7, 2, 4],
    [0, 1, 3, 6, 7],
    indices.map((index) => [...rowsOf([index], 2, true).data]),
    indices.map((index) => `hash${index}`),
  ]);
});
