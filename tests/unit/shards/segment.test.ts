import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDigest } from '../../../src/shards/digest128.ts';
import { MemoryDisk, MemoryFile, openMemoryStore } from '../../../src/shards/memory.ts';
import { scanSegment } from '../../../src/shards/scan.ts';
import { decodeRecordHead, encodeRecordHead, type NewRecord } from '../../../src/shards/segment.ts';
import { bytesOf } from '../../contracts/record-store.ts';

const digest = await createDigest();

function fileOf(bytes: Uint8Array<ArrayBuffer>): MemoryFile {
  const file = new MemoryFile('segment-0000.seg', new MemoryDisk());
  file.bytes = bytes.slice();
  return file;
}

/** A segment with records of these payload lengths, as the store writes it. */
async function segmentWith(lengths: readonly number[]): Promise<Uint8Array<ArrayBuffer>> {
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk, { spareFiles: 1 });
  for (const [i, length] of lengths.entries())
    await store.append('job', 'shard', `s${i}`, { i }, bytesOf(i, length));
  await store.close();
  return [...disk.files.values()].find((file) => file.bytes.length > 0)!.bytes;
}

test('a record head reads back as it was written, beyond 4 GB too', () => {
  fc.assert(
    fc.property(
      fc.record({
        job: fc.oneof(fc.string(), fc.constantFrom('naïve 🙂', 'a\nb', '\ud800', '日本')),
        kind: fc.string(),
        key: fc.oneof(fc.string(), fc.constantFrom('naïve 🙂', 'a\nb', '\ud800', '日本')),
        meta: fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.parse(JSON.stringify(value)) as null),
        operation: fc.constantFrom('put', 'forget', 'remove-job', 'fence'),
        sequence: fc.maxSafeNat(),
        epoch: fc.maxSafeNat(),
        segmentId: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        offset: fc.maxSafeNat(),
        payloadBytes: fc.maxSafeNat(),
        payloadDigest: fc
          .uint8Array({ minLength: 16, maxLength: 16 })
          .map((bytes) => Buffer.from(bytes).toString('hex')),
      }),
      (record: NewRecord) => {
        const bytes = encodeRecordHead(record, digest);
        expect(bytes.length % 64).toBe(0);
        const expected = { ...record, payloadOffset: record.offset + bytes.length };
        expect(decodeRecordHead(bytes, 0, record.offset, record.segmentId, digest)).toEqual(expected);
        expect(decodeRecordHead(bytes, 0, record.offset, record.segmentId ^ 1n, digest)).toBeNull();
        expect(decodeRecordHead(bytes, 0, record.offset + 64, record.segmentId, digest)).toBeNull();
      },
    ),
    { numRuns: 60 },
  );
}, 30_000);

test('any changed byte of a head is noticed', () => {
  const record: NewRecord = {
    operation: 'put',
    job: 'job',
    kind: 'shard',
    key: 'shard_0000-0099',
    meta: { first: 0 },
    sequence: 7,
    epoch: 3,
    segmentId: 99n,
    offset: 64,
    payloadBytes: 1000,
    payloadDigest: '00112233445566778899aabbccddeeff',
  };
  const intact = encodeRecordHead(record, digest);
  const usedBytes =
    96 +
    new TextEncoder().encode(
      JSON.stringify({ job: 'job', kind: 'shard', key: 'shard_0000-0099', meta: { first: 0 } }),
    ).length;
  for (let at = 0; at < usedBytes; at += 1) {
    const bytes = intact.slice();
    bytes[at]! ^= 0x10;
    expect(decodeRecordHead(bytes, 0, 64, 99n, digest), `byte ${at}`).toBeNull();
  }
});

test('a scan of any bytes ends, and finds no record in them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      const scan = await scanSegment(fileOf(new Uint8Array(bytes)), digest);
      expect(scan.records).toEqual([]);
    }),
  );
});

test('records survive whatever happens to other bytes: all whose own bytes are whole are found', async () => {
  const lengths = [100, 0, 70_000, 5, 3000, 64];
  const intact = await segmentWith(lengths);
  const { records } = await scanSegment(fileOf(intact), digest);
  expect(records.length).toBe(lengths.length);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(intact.length - 1),
      fc.integer({ min: 1, max: 3000 }),
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.option(fc.nat(intact.length)),
      async (start, length, noise, cutAt) => {
        const bytes = intact.slice();
        for (let i = start; i < Math.min(start + length, bytes.length); i += 1)
          bytes[i] = noise[(i - start) % noise.length]!;
        const damaged = bytes.slice(0, cutAt ?? bytes.length);
        const scan = await scanSegment(fileOf(damaged), digest);
        const found = new Set(scan.records.map((record) => record.sequence));
        for (const [i, record] of records.entries()) {
          const next = records[i + 1]?.offset ?? intact.length;
          const isWhole =
            next <= damaged.length &&
            damaged.subarray(record.offset, next).every((byte, at) => byte === intact[record.offset + at]);
          if (isWhole) expect(found, `record ${i}`).toContain(record.sequence);
        }
        expect(scan.end).toBeLessThanOrEqual(damaged.length);
      },
    ),
    { numRuns: 200 },
  );
}, 30_000);

test('a payload that is itself a segment is not taken for records', async () => {
  const inner = await segmentWith([100, 200, 300]);
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk, { spareFiles: 1 });
  await store.append('job', 'shard', 'outer', {}, inner);
  await store.append('job', 'shard', 'after', {}, bytesOf(1, 10));
  await store.close();
  const file = disk.files.get('segment-0000.seg')!;
  // The outer header is lost, so the scan looks through the payload for the next one.
  file.bytes[64 + 20]! ^= 1;
  const scan = await scanSegment(file, digest);
  expect(scan.records.map((record) => record.key)).toEqual(['after']);
});

test('bytes that keep claiming to be records cost one pass', async () => {
  const intact = await segmentWith([100]);
  const bytes = new Uint8Array(4 << 20);
  for (let at = 0; at < bytes.length; at += 64) bytes.set(intact.subarray(64, 128), at);
  bytes.set(intact.subarray(0, 64));
  let reads = 0;
  const file = fileOf(bytes);
  const read = file.read.bind(file);
  file.read = (at, into) => {
    reads += into.length;
    return read(at, into);
  };
  await scanSegment(file, digest);
  expect(reads).toBeLessThan(3 * bytes.length);
});
