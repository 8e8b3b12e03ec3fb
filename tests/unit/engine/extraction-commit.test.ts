import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { PlaygroundError } from '../../../src/lib/errors.ts';
import { StaleWriterError } from '../../../src/shards/errors.ts';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { openExtraction, type ExtractionHooks } from './extraction-session.ts';

/** A door that stays shut until it is opened. */
function door(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve));
}

// A full disk refuses the note of why it paused too, which is warned of.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));

const straight = await mergedOf({});

async function mergedOf(hooks: ExtractionHooks): Promise<Buffer> {
  const session = await openExtraction(new MemoryDisk(), hooks);
  expect(await session.run()).toMatchObject({ state: 'finished', done: 20 });
  return session.merged();
}

test('the next shard is encoded while one is committed, and the one after that waits for it', async () => {
  const { passed, open } = door();
  const encoded: number[] = [];
  const session = await openExtraction(new MemoryDisk(), {
    encode: (index) => void encoded.push(index),
    acknowledge: (name) => (name.includes('0000') ? passed : undefined),
  });
  const running = session.run();
  await until(() => encoded.length === 8);
  // Many turns of the event loop later there is still nothing of the third shard.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setTimeout(resolve));
  expect(encoded).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  const waiting = session.status();
  expect(waiting.shards.map(({ state }) => state)).toEqual([
    'in flight',
    'in flight',
    'pending',
    'pending',
    'pending',
  ]);
  expect(waiting.done).toBe(8);
  open();
  expect(await running).toMatchObject({ state: 'finished', done: 20 });
  expect(await session.merged()).toEqual(straight);
});

test('a shard is told as done when its commit is acknowledged and not before; the count never falls', async () => {
  const acknowledged = new Set<string>();
  const session = await openExtraction(new MemoryDisk(), {
    async acknowledge(name) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      acknowledged.add(name);
    },
    encode() {
      const shown = session.status().shards.filter(({ state }) => state === 'done');
      for (const { name } of shown) expect(acknowledged).toContain(name);
      counts.push(session.status().done);
    },
  });
  const counts: number[] = [];
  await session.run();
  expect(counts).toHaveLength(20);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  const told = session.told.map(({ done }) => done);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});

test('a disk that fills up stops the work with the reason; what was acknowledged stays, the rest is done later', async () => {
  const disk = new MemoryDisk();
  const encoded: number[] = [];
  const first = await openExtraction(disk, {
    encode: (index) => void encoded.push(index),
    write(name) {
      if (name.includes('0008')) disk.capacityBytes = disk.usedBytes() + 100;
    },
  });
  const full = await first.run();
  expect(full).toMatchObject({ state: 'paused', done: 8 });
  expect(full.notice).toMatch(/no room left.*Everything committed so far is safe/);
  // The shard after the one that did not fit was begun, and given up at its first batch.
  expect(encoded.length).toBeLessThan(16);
  expect(await first.shards()).toHaveLength(2);

  disk.capacityBytes = Infinity;
  const again = await openExtraction(disk);
  expect(again.status().done).toBe(8);
  expect(await again.run()).toMatchObject({ state: 'finished', done: 20 });
  expect(await again.merged()).toEqual(straight);
});

test('a lost writer stops the work with its own reason, although a shard after it was begun', async () => {
  const session = await openExtraction(new MemoryDisk(), {
    write(name) {
      if (name.includes('0004')) throw new StaleWriterError();
    },
  });
  const lost = await session.run();
  expect(lost).toMatchObject({ state: 'failed', done: 4 });
  expect(lost.notice).toBe(new StaleWriterError().message);
  expect(await session.shards()).toEqual(['shard_0000-0003.npz']);
});

class DeviceLostError extends PlaygroundError {
  override readonly name: string = 'DeviceLostError';
}

test('a device lost beside a commit redoes the shard in hand, and the commit counts', async () => {
  const { passed, open } = door();
  const encoded: number[] = [];
  let isLost = false;
  const session = await openExtraction(new MemoryDisk(), {
    encode(index) {
      encoded.push(index);
      if (index !== 6 || isLost) return;
      isLost = true;
      setTimeout(open, 20);
      throw new DeviceLostError('The GPU went away.');
    },
    acknowledge: (name) => (name.includes('0000') ? passed : undefined),
  });
  expect(await session.run()).toMatchObject({ state: 'finished', done: 20 });
  expect(encoded.slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 4, 5]);
  expect(await session.merged()).toEqual(straight);
});

test('where the device is lost and the commit beside it fails, the failed commit is told', async () => {
  const disk = new MemoryDisk();
  const { passed, open } = door();
  const session = await openExtraction(disk, {
    encode(index) {
      if (index < 5) return;
      setTimeout(open, 20);
      throw new DeviceLostError('The GPU went away.');
    },
    async write() {
      await passed;
      disk.capacityBytes = disk.usedBytes();
    },
  });
  expect((await session.run()).notice).toMatch(/no room left/);
  expect(await session.shards()).toEqual([]);
});

test.each(['pause', 'stop'] as const)(
  'to %s waits for the commit in flight and keeps the clips in hand',
  async (request) => {
    const disk = new MemoryDisk();
    const { passed, open } = door();
    let isAcknowledged = false;
    const session = await openExtraction(disk, {
      encode(index) {
        if (index !== 5) return;
        session.job.endRequest = request;
        setTimeout(() => {
          isAcknowledged = true;
          open();
        }, 20);
      },
      acknowledge: (name) => (name.includes('0000') ? passed : undefined),
    });
    const ended = await session.run();
    expect(isAcknowledged).toBe(true);
    expect(ended).toMatchObject({ state: request === 'pause' ? 'paused' : 'stopped', done: 6 });
    expect(await session.shards()).toEqual(['shard_0000-0003.npz', 'shard_0004-0005.npz']);
    const again = await openExtraction(disk);
    await again.run();
    expect(await again.merged()).toEqual(straight);
  },
);

test('however slow commits are and wherever a session ends, the merged file has the same bytes', async () => {
  const session = fc.record({
    shardSize: fc.integer({ min: 1, max: 7 }),
    delaysMs: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }),
    endsAt: fc.integer({ min: 0, max: 19 }),
    how: fc.constantFrom('pause', 'full disk', 'power cut'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(session, { maxLength: 4 }), async (sessions) => {
      let disk = new MemoryDisk();
      for (const { shardSize, delaysMs, endsAt, how } of sessions) {
        let cut: MemoryDisk | null = null;
        let shards = 0;
        const wait = () =>
          new Promise<void>((resolve) => {
            setTimeout(resolve, delaysMs[(shards += 1) % 3]);
          });
        const tab = await openExtraction(
          disk,
          {
            encode(index) {
              if (index !== endsAt) return;
              if (how === 'full disk') disk.capacityBytes = disk.usedBytes() + 50;
              if (how === 'power cut') cut = disk.clone();
              if (how !== 'full disk') tab.job.endRequest = 'stop';
            },
            write: wait,
            acknowledge: wait,
          },
          { shardSize },
        );
        await tab.run();
        disk = cut ?? disk;
        disk.capacityBytes = Infinity;
      }
      const last = await openExtraction(disk);
      expect(await last.run()).toMatchObject({ state: 'finished', done: 20 });
      expect(await last.merged()).toEqual(straight);
    }),
    { numRuns: 25 },
  );
});
