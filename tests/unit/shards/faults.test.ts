import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { createDigest, type Digest } from '../../../src/shards/digest128.ts';
import { MemoryDisk, MemoryFile, openMemoryStore } from '../../../src/shards/memory.ts';
import type { IndexedRecord } from '../../../src/shards/record-index.ts';
import { writeRecord } from '../../../src/shards/record-writer.ts';
import { recoverSegments } from '../../../src/shards/recover.ts';
import type { SegmentDirectory } from '../../../src/shards/segment-file.ts';
import { SegmentPool, type Segment } from '../../../src/shards/segment-pool.ts';
import { bytesOf } from '../../contracts/record-store.ts';

// Where there is no room, not even the log of the index can be renewed, which is warned of.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));

/** Opens, and gives what the store holds as text. */
async function contentsOf(disk: MemoryDisk): Promise<string[]> {
  const store = await openMemoryStore(disk, { spareFiles: 1 });
  const lines: string[] = [];
  for (const job of await store.jobs())
    for (const ref of await store.records(job)) {
      const payload = await store.read(ref);
      lines.push(`${job}/${ref.key} ${JSON.stringify(ref.meta)} ${payload.length}`);
    }
  await store.close();
  return lines.sort();
}

test('a full disk refuses the record with a sentence, keeps all before it, and goes on once there is room', async () => {
  const disk = new MemoryDisk();
  disk.capacityBytes = 20_000;
  const store = await openMemoryStore(disk, { spareFiles: 1 });
  let kept = 0;
  const appendUntilFull = async (): Promise<unknown> => {
    try {
      for (;;) {
        await store.append('job', 'shard', `s${kept}`, {}, bytesOf(kept, 3000));
        kept += 1;
      }
    } catch (error) {
      return error;
    }
  };
  await expect(appendUntilFull()).resolves.toMatchObject({
    name: 'StorageFullError',
    message: expect.stringContaining('no room') as unknown,
  });
  expect(kept).toBeGreaterThan(2);
  expect(await store.records('job')).toHaveLength(kept);
  expect(await store.verify('job')).toEqual({ checked: kept, damaged: [] });
  disk.capacityBytes = 100_000;
  await store.append('job', 'shard', 'late', {}, bytesOf(1, 3000));
  await store.close();
  expect(await contentsOf(disk)).toHaveLength(kept + 1);
});

test('on a full disk a job can still be removed, and that makes room', async () => {
  const disk = new MemoryDisk();
  disk.capacityBytes = 60_000;
  const store = await openMemoryStore(disk, { spareFiles: 1 });
  await store.append('kept', 'spec', '', {}, bytesOf(1, 10));
  for (let i = 0; i < 9; i += 1) await store.append('job', 'shard', `s${i}`, {}, bytesOf(i, 5000));
  disk.capacityBytes = disk.usedBytes();
  await expect(store.append('job', 'shard', 'more', {}, bytesOf(1, 5000))).rejects.toThrow('no room');
  await store.removeJob('job');
  expect(await store.jobs()).toEqual(['kept']);
  await store.close();
  expect(await contentsOf(disk)).toEqual(['kept/ {} 10']);
});

test('opened on a full disk it reads, says so in a sentence, and writes without being opened anew once there is room', async () => {
  const disk = new MemoryDisk();
  const before = await openMemoryStore(disk);
  const ref = await before.append('job', 'shard', 'a', {}, bytesOf(1, 500));
  disk.holder = null;
  disk.isCatalogFull = true;
  const store = await openMemoryStore(disk);
  expect(await store.read(ref)).toEqual(bytesOf(1, 500));
  for (const key of ['b', 'c'])
    await expect(store.append('job', 'shard', key, {}, bytesOf(2, 500))).rejects.toMatchObject({
      name: 'StorageFullError',
      message: expect.stringMatching(/no room left in this browser's storage\. Everything/) as unknown,
    });
  disk.isCatalogFull = false;
  await store.append('job', 'shard', 'b', {}, bytesOf(2, 500));
  expect((await store.records('job', 'shard')).map(({ key }) => key)).toEqual(['a', 'b']);
});

test('opened on a full disk a job can be removed: the reserve is given up for it', async () => {
  const disk = new MemoryDisk();
  disk.capacityBytes = 100_000;
  const before = await openMemoryStore(disk);
  await before.append('job', 'shard', 'a', {}, bytesOf(1, 5000));
  await vi.waitFor(() => expect(disk.reserveBytes).toBeGreaterThan(0));
  disk.holder = null;
  disk.isCatalogFull = true;
  disk.isReserveEnough = true;
  const store = await openMemoryStore(disk);
  await store.removeJob('job');
  expect(await store.jobs()).toEqual([]);
});

test('opened on a full disk and asleep while another tab took over, it does not push that one out when it tries again', async () => {
  const disk = new MemoryDisk();
  disk.isCatalogFull = true;
  const asleep = await openMemoryStore(disk);
  await expect(asleep.append('job', 'shard', 'a', {}, bytesOf(1, 500))).rejects.toThrow('no room');
  disk.isCatalogFull = false;
  disk.isHolderAsleep = true;
  const writer = await openMemoryStore(disk, { takeOver: true });
  await writer.append('job', 'shard', 'b', {}, bytesOf(2, 500));
  await expect(asleep.append('job', 'shard', 'c', {}, bytesOf(3, 500))).rejects.toMatchObject({
    name: 'StaleWriterError',
  });
  await writer.append('job', 'shard', 'd', {}, bytesOf(4, 500));
  expect((await writer.records('job', 'shard')).map(({ key }) => key)).toEqual(['b', 'd']);
});

test('where only the index finds no room, the record is taken back as well', async () => {
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk, { spareFiles: 1 });
  await store.append('job', 'shard', 's0', {}, bytesOf(0, 300));
  disk.isCatalogFull = true;
  await expect(store.append('job', 'shard', 's1', {}, bytesOf(1, 300))).rejects.toMatchObject({
    name: 'StorageFullError',
  });
  disk.isCatalogFull = false;
  await store.append('job', 'shard', 's2', {}, bytesOf(2, 300));
  await store.close();
  expect(await contentsOf(disk)).toEqual(['job/s0 {} 300', 'job/s2 {} 300']);
});

test('a writer that slept while another took over is refused by the epoch, before it learns of its lock', async () => {
  const disk = new MemoryDisk();
  disk.isHolderAsleep = true;
  const sleeper = await openMemoryStore(disk, { spareFiles: 1 });
  await sleeper.append('job', 'shard', 's0', {}, bytesOf(0, 300));
  const taker = await openMemoryStore(disk, { spareFiles: 1, takeOver: true });
  await expect(sleeper.append('job', 'shard', 's1', {}, bytesOf(1, 300))).rejects.toMatchObject({
    name: 'StaleWriterError',
  });
  await taker.append('job', 'shard', 's2', {}, bytesOf(2, 300));
  await taker.close();
  expect(await contentsOf(disk)).toEqual(['job/s0 {} 300', 'job/s2 {} 300']);
});

test('what a superseded writer added behind a fence does not count, and is cut', async () => {
  const digest = await createDigest();
  const disk = new MemoryDisk();
  const held = await claim(disk, digest, 1);
  const fresh = await claim(disk, digest, 2);
  const put = (segment: Segment, key: string, sequence: number, epoch: number): IndexedRecord =>
    writeRecord(
      segment,
      { operation: 'put', job: 'job', kind: 'k', key, meta: null, sequence, epoch },
      [],
      digest,
    );
  put(held, 'before', 1, 1);
  const ends = { [(held.segmentId ?? 0n).toString(16)]: held.end };
  writeRecord(
    fresh,
    { operation: 'fence', job: '', kind: '', key: '', meta: { ends }, sequence: 2, epoch: 2 },
    [],
    digest,
  );
  put(held, 'too late', 2, 1);
  put(fresh, 'after', 3, 2);
  const { records, cutBytes } = await recoverSegments([...disk.files.values()], digest);
  expect(records.map((record) => record.key)).toEqual(['before', '', 'after']);
  expect(cutBytes).toBeGreaterThan(0);
  // The file is this writer's again: what it adds now lies behind the fence and counts.
  held.end = await held.file.sizeBytes();
  put(held, 'later', 4, 3);
  const again = await recoverSegments([...disk.files.values()], digest);
  expect(again.records.map((record) => record.key)).toEqual(['before', 'later', '', 'after']);
});

/** A fresh file of that disk with a segment head. */
async function claim(disk: MemoryDisk, digest: Digest, number: number): Promise<Segment> {
  const file = new MemoryFile(`segment-000${number}.seg`, disk);
  disk.files.set(file.name, file);
  const directory = { addFile: () => Promise.resolve(file) } as unknown as SegmentDirectory;
  const pool = new SegmentPool(directory, [], digest, { fullBytes: 1 << 20, spareFiles: 1 });
  return pool.choose('job', 100, 0);
}

test("a session that ended in order, by its own word or the page's, spares the next one the precautions", async () => {
  const disk = new MemoryDisk();
  const first = await openMemoryStore(disk);
  await first.append('job', 'k', 'a', {}, bytesOf(1, 10));
  expect(disk.rolls).toBe(1);
  await first.close();
  const second = await openMemoryStore(disk);
  await second.append('job', 'k', 'b', {}, bytesOf(1, 10));
  expect(disk.rolls).toBe(1);
  disk.holder = null;
  const third = await openMemoryStore(disk, { endedSession: second.session });
  await third.append('job', 'k', 'c', {}, bytesOf(1, 10));
  expect(disk.rolls).toBe(1);
  disk.holder = null;
  const fourth = await openMemoryStore(disk, { endedSession: second.session });
  await fourth.append('job', 'k', 'd', {}, bytesOf(1, 10));
  expect(disk.rolls).toBe(2);
});

interface Step {
  readonly type: 'put' | 'forget' | 'compact' | 'remove';
  readonly job: string;
  readonly key: string;
  readonly sizeBytes: number;
}

/** Carries the steps out on a fresh disk; gives what the store held after each, and the disk at one moment. */
async function runSteps(
  steps: readonly Step[],
  moment: number,
): Promise<{ held: string[][]; moments: number; disk: MemoryDisk }> {
  const disk = new MemoryDisk();
  let atMoment = disk.clone();
  let moments = 0;
  disk.onChange = () => {
    if (moments === moment) atMoment = disk.clone();
    moments += 1;
  };
  const store = await openMemoryStore(disk, { spareFiles: 1, fullBytes: 16_384 });
  const held: string[][] = [[]];
  for (const [i, { type, job, key, sizeBytes }] of steps.entries()) {
    if (type === 'put') await store.append(job, 'k', key, { i }, bytesOf(i, sizeBytes));
    if (type === 'forget') await store.forget(job, 'k', key);
    if (type === 'compact') await store.compact(job);
    if (type === 'remove') await store.removeJob(job);
    const lines: string[] = [];
    for (const name of await store.jobs())
      for (const ref of await store.records(name))
        lines.push(`${name}/${ref.key} ${JSON.stringify(ref.meta)} ${ref.sizeBytes}`);
    held.push(lines.sort());
  }
  return { held, moments, disk: atMoment };
}

test('cut off at any moment of any sequence of steps, the store holds what it held after one of them', async () => {
  const step = fc.record({
    type: fc.constantFrom('put', 'put', 'put', 'forget', 'compact', 'remove'),
    job: fc.constantFrom('a', 'b'),
    key: fc.constantFrom('x', 'y', 'z'),
    sizeBytes: fc.integer({ min: 0, max: 9000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.boolean(),
      async (steps: readonly Step[], when, isIndexLost) => {
        const { moments } = await runSteps(steps, -1);
        const { held, disk } = await runSteps(steps, Math.floor(when * moments));
        if (isIndexLost) disk.wipeCatalog();
        const store = await openMemoryStore(disk.clone(), { spareFiles: 1 });
        const isTold = store.recovery.notices.some((notice) => notice.includes('no longer on the disk'));
        expect(isTold, 'nothing is said to be gone that is not').toBe(false);
        await store.close();
        expect(held).toContainEqual(await contentsOf(disk));
        // And it stays so, with the index that the first opening left.
        expect(held).toContainEqual(await contentsOf(disk));
      },
    ),
    { numRuns: 100 },
  );
}, 30_000);
