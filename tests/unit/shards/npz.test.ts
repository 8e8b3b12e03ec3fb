import { expect, test } from 'vitest';
import { blobSource, bytesSource, type ByteSource } from '../../../src/lib/byte-source.ts';
import { crc32 } from '../../../src/lib/crc32.ts';
import { encodeNpy, encodeNpyHeader } from '../../../src/shards/npy.ts';
import {
  encodeNpz,
  npzEntry,
  npzSizeBytes,
  NpzSizeError,
  streamNpz,
  type NpzEntry,
} from '../../../src/shards/npz.ts';
import { NpzFormatError, openNpz } from '../../../src/shards/npz-read.ts';
import {
  centralDirectory,
  dataDescriptor,
  localHeader,
  streamedOverheadBytes,
} from '../../../src/shards/zip-layout.ts';
import { NO_NUMPY, pythonWithNumpy, runNumpy } from './numpy.ts';

const arrays = {
  embeddings: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  labels: { shape: [2], data: ['007', '😀 Freude'] },
  sample_index: { shape: [2], data: BigInt64Array.of(0n, 5n) },
  metadata: { shape: [], data: ['{"layers":[12]}'] },
};
const entries = Object.entries(arrays).map(([name, array]) => npzEntry(name, array));

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

test('the checksum is CRC-32 as ZIP uses it, also in pieces', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) >> 3);
  expect(crc32(bytes.subarray(333), crc32(bytes.subarray(0, 333)))).toBe(crc32(bytes));
});

test('what is written in memory or streamed is read back the same', async () => {
  const streamed = await collect(streamNpz(entries));
  expect(streamed.length).toBe(npzSizeBytes(entries));
  for (const source of [
    bytesSource(encodeNpz(arrays)),
    bytesSource(streamed),
    blobSource(new Blob([streamed.slice()])),
  ]) {
    const npz = await openNpz(source);
    expect(npz.names).toEqual(Object.keys(arrays));
    for (const [name, array] of Object.entries(arrays)) expect(await npz.read(name)).toEqual(array);
    expect(await npz.header('embeddings')).toMatchObject({ descr: '<f4', shape: [2, 3] });
    expect(new Float32Array((await npz.readData('embeddings', 12, 24)).slice().buffer)).toEqual(
      Float32Array.of(4, 5, 6),
    );
  }
});

test('equal arrays give equal bytes, whenever and however they are cut into pieces', async () => {
  expect(encodeNpz(arrays)).toEqual(encodeNpz(structuredClone(arrays)));
  const cut: NpzEntry[] = entries.map((entry) => ({
    ...entry,
    async *chunks() {
      for await (const chunk of entry.chunks('own'))
        for (let i = 0; i < chunk.length; i += 5) yield chunk.subarray(i, i + 5);
    },
  }));
  expect(await collect(streamNpz(cut))).toEqual(await collect(streamNpz(entries)));
});

test.skipIf(!pythonWithNumpy)(
  `numpy opens both forms without pickle (skipped with ${NO_NUMPY})`,
  async () => {
    const script = `
out = []
for name in ('memory.npz', 'stream.npz'):
    z = np.load(name, allow_pickle=False)
    out.append([z['embeddings'].tolist(), str(z['embeddings'].dtype), z['labels'].tolist(), z['sample_index'].tolist(), str(z['sample_index'].dtype), json.loads(z['metadata'].item())])
print(json.dumps(out))`;
    const expected = [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      'float32',
      ['007', '😀 Freude'],
      [0, 5],
      'int64',
      { layers: [12] },
    ];
    const files = { 'memory.npz': encodeNpz(arrays), 'stream.npz': await collect(streamNpz(entries)) };
    expect(JSON.parse(runNumpy(files, script))).toEqual([expected, expected]);
  },
);

test.skipIf(!pythonWithNumpy)(
  `what numpy writes is read, compressed too (skipped with ${NO_NUMPY})`,
  async () => {
    const script = `
import base64, io
out = []
for save in (np.savez, np.savez_compressed):
    b = io.BytesIO()
    save(b, x=np.asfortranarray(np.arange(6, dtype='>f4').reshape(2, 3)), s=np.array(['ä', '😀']), b=np.array([True, False]))
    out.append(base64.b64encode(b.getvalue()).decode())
print(json.dumps(out))`;
    const saved: string[] = JSON.parse(runNumpy({}, script));
    for (const base64 of saved) {
      const npz = await openNpz(bytesSource(Uint8Array.from(Buffer.from(base64, 'base64'))));
      expect((await npz.read('x')).data).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
      expect((await npz.read('s')).data).toEqual(['ä', '😀']);
      expect((await npz.read('b')).data).toEqual(Uint8Array.of(1, 0));
    }
  },
);

test('an array that delivers another size than it declared breaks the stream by name', async () => {
  const short: NpzEntry = { ...entries[0]!, sizeBytes: entries[0]!.sizeBytes + 1 };
  await expect(collect(streamNpz([short]))).rejects.toThrow(NpzSizeError);
});

test('a stream that is given up stops its source', async () => {
  let closed = false;
  const endless: NpzEntry = {
    name: 'x',
    sizeBytes: 1e9,
    *chunks() {
      try {
        for (;;) yield new Uint8Array(10);
      } finally {
        closed = true;
      }
    },
  };
  const reader = streamNpz([endless]).getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  expect(closed).toBe(true);
});

test('damage is found: a flipped byte, a cut-off end, foreign bytes, a missing array', async () => {
  const whole = encodeNpz(arrays);
  const flipped = whole.slice();
  flipped[180]! ^= 1;
  await expect((await openNpz(bytesSource(flipped))).read('embeddings')).rejects.toThrow(NpzFormatError);
  await expect(openNpz(bytesSource(whole.subarray(0, whole.length - 30)))).rejects.toThrow(/cut off/);
  await expect(openNpz(bytesSource(new Uint8Array(500)))).rejects.toThrow(NpzFormatError);
  await expect((await openNpz(bytesSource(whole))).read('frames')).rejects.toThrow(
    /no array "frames".*embeddings/,
  );
});

test('past 4 GiB sizes and offsets are written as ZIP64 and read back', async () => {
  // A sparse file: the large array's zeros are never made, only what stands around them.
  const rows = 2 ** 30 + 16;
  const header = encodeNpyHeader('<f4', [rows]);
  const large = { name: 'embeddings.npy', sizeBytes: header.length + rows * 4, offset: 0, crc: null };
  const descriptorAt = localHeader(large).length + large.sizeBytes;
  const small = encodeNpy(arrays.labels);
  const smallAt = descriptorAt + dataDescriptor(large, 0).length;
  expect(smallAt).toBe(streamedOverheadBytes(large) + large.sizeBytes);
  const far = { name: 'labels.npy', sizeBytes: small.length, offset: smallAt, crc: crc32(small) };
  const directoryAt = smallAt + localHeader(far).length + small.length;
  const directory = centralDirectory(
    [
      { ...large, crc: 0, streamed: true },
      { ...far, streamed: false },
    ],
    directoryAt,
  );
  const source = sparseSource([
    [0, localHeader(large)],
    [localHeader(large).length, header],
    [descriptorAt, dataDescriptor(large, 0)],
    [smallAt, localHeader(far)],
    [smallAt + localHeader(far).length, small],
    [directoryAt, directory],
  ]);
  expect(source.sizeBytes).toBeGreaterThan(2 ** 32);
  const entries = [
    { name: 'embeddings', sizeBytes: large.sizeBytes, chunks: () => [] },
    npzEntry('labels', arrays.labels),
  ];
  // Streamed files carry their checksum behind them: 16 bytes that the second file, made in memory, does without.
  expect(npzSizeBytes(entries)).toBe(source.sizeBytes + 16);

  const npz = await openNpz(source);
  expect(await npz.header('embeddings')).toMatchObject({ shape: [rows] });
  expect(await npz.readData('embeddings', rows * 4 - 8, rows * 4)).toEqual(new Uint8Array(8));
  expect(await npz.read('labels')).toEqual(arrays.labels);
});

function sparseSource(parts: readonly (readonly [at: number, bytes: Uint8Array])[]): ByteSource {
  return {
    sizeBytes: Math.max(...parts.map(([at, bytes]) => at + bytes.length)),
    read(start, end) {
      const target = new Uint8Array(end - start);
      for (const [at, bytes] of parts) {
        const from = Math.max(start, at);
        const to = Math.min(end, at + bytes.length);
        if (from < to) target.set(bytes.subarray(from - at, to - at), from - start);
      }
      return Promise.resolve(target);
    },
  };
}
