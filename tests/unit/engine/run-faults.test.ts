import { expect, test } from 'vitest';
import type { TrainRequest } from '../../../src/engine/training-protocol.ts';
import type { TrainingDevices } from '../../../src/engine/training/training-devices.ts';
import { PlaygroundError } from '../../../src/lib/errors.ts';
import { MemoryDisk, openMemoryStore } from '../../../src/shards/memory.ts';
import { cloudsFile, openSession, processor, sessionOn } from './training-session.ts';

const request: TrainRequest = {
  extraction: cloudsFile(),
  head: { kind: 'mlp', hidden: [8], dropout: 0.1 },
  epochs: 4,
  batchSize: 16,
};

test('a damaged newest checkpoint falls back to the one before, says so, and ends in the same bits', async () => {
  const disk = new MemoryDisk();
  const first = await openSession(disk);
  const id = await first.runs.train(request);
  await first.runs.finished(id);
  const digest = await first.digestOf(id);
  const newest = first.runs.job(id).last!;
  const bytes = await first.store.read(newest.ref);
  damage(disk, bytes.subarray(bytes.length - 64));

  const session = await openSession(disk);
  const seen = await session.runs.status(id);
  expect(seen.epoch).toBe(3);
  await session.runs.resume(id, {});
  const run = await session.runs.finished(id);
  expect(run).toMatchObject({ state: 'finished', epoch: 4 });
  expect(run.notices.join(' ')).toContain('is damaged on disk');
  expect(run.notices.join(' ')).toContain('the one before');
  expect(await session.digestOf(id)).toBe(digest);
});

test('a full disk pauses the run with the reason; with room again it ends in the same bits', async () => {
  const straight = await openSession(new MemoryDisk());
  const wanted = await straight.runs.train(request);
  await straight.runs.finished(wanted);

  const disk = new MemoryDisk();
  const session = await openSession(disk);
  const id = await session.runs.train(request);
  disk.capacityBytes = disk.usedBytes() + 20_000;
  await until(() => session.runs.job(id).state === 'paused');
  const paused = await session.runs.status(id);
  expect(paused.notice).toContain('no room left');
  expect(paused.epoch).toBeLessThan(4);
  disk.capacityBytes = Infinity;
  await session.runs.resume(id);
  await session.runs.finished(id);
  expect(await session.digestOf(id)).toBe(await straight.digestOf(wanted));
});

test('a device that is lost is rebuilt, and the run goes on from its last checkpoint to the same bits', async () => {
  const straight = await openSession(new MemoryDisk());
  const wanted = await straight.runs.train(request);
  await straight.runs.finished(wanted);

  class DeviceLostError extends PlaygroundError {
    override readonly name: string = 'DeviceLostError';
  }
  let checks = 0;
  let rebuilt = 0;
  const unreliable: TrainingDevices = {
    ...processor,
    open: async (backend) => ({
      ...(await processor.open(backend)),
      checkFaults: () => {
        checks += 1;
        return checks % 3 === 0
          ? Promise.reject(new DeviceLostError('The GPU went away.'))
          : Promise.resolve();
      },
    }),
    rebuild: () => {
      rebuilt += 1;
      return Promise.resolve();
    },
  };
  const session = await openSession(new MemoryDisk(), unreliable);
  const id = await session.runs.train(request);
  expect((await session.runs.finished(id)).state).toBe('finished');
  expect(rebuilt).toBe(1);
  expect(await session.digestOf(id)).toBe(await straight.digestOf(wanted));
});

test('a loss that is no number fails the run with step and batch and keeps the last good checkpoint', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await session.runs.train({
    ...request,
    optimizer: { kind: 'sgd', learningRate: 1e30 },
    schedule: { kind: 'constant' },
  });
  const run = await session.runs.finished(id);
  expect(run.state).toBe('failed');
  expect(run.notice).toMatch(/step \d+ \(epoch \d+, batch \d+\)/);
});

test('a run whose description is damaged is left out with a sentence, the others are shown', async () => {
  const disk = new MemoryDisk();
  const first = await openSession(disk);
  const broken = await first.runs.train({ ...request, name: 'broken' });
  const whole = await first.runs.train(request);
  await first.runs.finished(whole);
  const spec = await first.store.find(`run-${broken}`, 'run', 'run');
  const bytes = await first.store.read(spec!);
  damage(disk, bytes.subarray(0, 600));
  const session = await openSession(disk);
  expect((await session.runs.list()).map(({ id }) => id)).toEqual([whole]);
  expect(session.events).toContainEqual(expect.objectContaining({ type: 'notice', level: 'error' }));
});

test('a second tab watches and is refused to write', async () => {
  const disk = new MemoryDisk();
  const writer = await openSession(disk);
  const id = await writer.runs.train(request);
  await writer.runs.finished(id);
  const reader = await sessionOn(await openMemoryStore(disk));
  expect(await reader.runs.status(id)).toMatchObject({ state: 'finished', writable: false });
  await expect(reader.runs.resume(id)).rejects.toMatchObject({ name: 'NotWriterError' });
  await expect(reader.runs.train(request)).rejects.toMatchObject({ name: 'NotWriterError' });
});

test('labels of one class, or none at all, are refused before anything is recorded', async () => {
  const session = await openSession(new MemoryDisk());
  const single = session.judge.preview({ extraction: cloudsFile({ classes: 1 }), split: 'stratified' });
  expect((await single).problems.join(' ')).toContain('two classes');
  const heads = await session.judge.preview({ ...request, head: { kind: 'attention' } });
  expect(heads.problems.join(' ')).toContain('cannot read');
  await expect(session.runs.train({ ...request, epochs: 0 })).rejects.toThrow('whole number');
  expect(await session.runs.list()).toEqual([]);
});

/** Flips one bit where these bytes lie on the disk. */
function damage(disk: MemoryDisk, tail: Uint8Array): void {
  for (const file of disk.files.values()) {
    const at = Buffer.from(file.bytes).lastIndexOf(Buffer.from(tail));
    if (at < 0) continue;
    file.bytes[at + 3]! ^= 1;
    return;
  }
  throw new Error('The bytes are not on the disk.');
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
