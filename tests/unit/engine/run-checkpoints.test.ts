import { expect, test } from 'vitest';
import {
  deleteCheckpoint,
  exportCheckpoint,
  importCheckpoint,
  pinCheckpoint,
  pruneCheckpoints,
} from '../../../src/engine/training/run-checkpoints.ts';
import type { TrainRequest } from '../../../src/engine/training-protocol.ts';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { decodeCheckpoint } from '../../../src/training/checkpoint.ts';
import { cloudsFile, openSession, type TrainingSession } from './training-session.ts';

const clouds = cloudsFile();
const request: TrainRequest = { extraction: clouds, epochs: 5, batchSize: 16, split: 'stratified' };

async function trained(session: TrainingSession, more: Partial<TrainRequest> = {}): Promise<string> {
  const id = await session.runs.train({ ...request, ...more });
  await session.runs.finished(id);
  return id;
}

test('resuming from an earlier checkpoint cuts the history there and keeps the branch that is left', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await trained(session);
  const job = session.runs.job(id);
  const [, second] = job.checkpointStatuses();
  const before = await session.digestOf(id);
  await session.runs.resume(id, { checkpoint: second!.name });
  const again = await session.runs.finished(id);
  expect(again).toMatchObject({ state: 'finished', epoch: 5 });
  expect(await session.digestOf(id)).toBe(before);
  const all = job.checkpointStatuses();
  expect(all.filter(({ isAbandoned }) => isAbandoned).map(({ epoch }) => epoch)).toEqual([3, 4, 5]);
  expect(all.find(({ isLast }) => isLast)?.name).toBe(`${all[4]!.name}_branch_1`);
  expect(all.filter(({ isLast }) => isLast)).toHaveLength(1);
});

test('going past the target asks what the schedule does, lists the change and keeps to it', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await trained(session);
  const preview = await session.runs.previewResume(id, { epochs: 8, extension: 'restart' });
  expect(preview.changes).toEqual([{ path: 'epochs', from: 5, to: 8 }]);
  expect(preview.refusals).toEqual([]);
  expect(preview.learningRate[0]?.[1]).toBeCloseTo(1e-3);
  await session.runs.resume(id, { epochs: 8, extension: 'restart' });
  const run = await session.runs.finished(id);
  expect(run).toMatchObject({ state: 'finished', epoch: 8, epochs: 8 });
  expect(run.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  const refused = await session.runs.previewResume(id, { changes: { seed: 9 } });
  expect(refused.refusals.join(' ')).toContain('another run');
  await expect(session.runs.resume(id, { changes: { seed: 9 } })).rejects.toThrow('another run');
  expect(session.runs.job(id).progress.branches).toHaveLength(2);
});

test('retention keeps the last two, the best and pinned ones', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await trained(session);
  const job = session.runs.job(id);
  const [first] = job.checkpointStatuses();
  await pinCheckpoint(job, first!.name, true);
  await expect(deleteCheckpoint(job, first!.name)).rejects.toThrow('pinned');
  await pruneCheckpoints(job, { kind: 'last', count: 1 });
  const names = job.checkpointStatuses();
  expect(names.map(({ epoch }) => epoch)).toEqual(expect.arrayContaining([1, 4, 5]));
  expect(names.length).toBeLessThanOrEqual(4);
  await expect(deleteCheckpoint(job, job.last!.key)).rejects.toThrow('the last one');
  const other = await trained(session, { retention: { kind: 'last', count: 1 } });
  expect(session.runs.job(other).checkpointStatuses().length).toBeLessThanOrEqual(3);
});

test('an exported checkpoint is taken in on another machine and goes on there to the same bits', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await trained(session);
  const middle = session.runs.job(id).checkpointStatuses()[2]!;
  const file = await exportCheckpoint(session.runs.job(id), middle.name);
  expect(decodeCheckpoint(new Uint8Array(await file.arrayBuffer())).epoch).toBe(3);
  const elsewhere = await openSession(new MemoryDisk());
  const taken = await importCheckpoint(elsewhere.runs, file, (layer) =>
    elsewhere.sources.keep(clouds, layer),
  );
  expect(await elsewhere.runs.status(taken)).toMatchObject({ state: 'paused', epoch: 3 });
  await elsewhere.runs.resume(taken);
  expect((await elsewhere.runs.finished(taken)).state).toBe('finished');
  expect(await elsewhere.digestOf(taken)).toBe(await session.digestOf(id));
  const foreign = importCheckpoint(elsewhere.runs, file, (layer) =>
    elsewhere.sources.keep(cloudsFile({ spread: 2 }), layer),
  );
  await expect(foreign).rejects.toThrow('other embeddings');
});

test('a run can start from the weights of another, with the standardiser they were learned behind', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await trained(session);
  const child = await trained(session, {
    weights: { run: id },
    epochs: 1,
    optimizer: { learningRate: 1e-12 },
  });
  const status = await session.runs.status(child);
  expect(status.parent?.run).toBe(id);
  const [a, b] = [
    await session.judge.evaluate(session.runs.job(id)),
    await session.judge.evaluate(session.runs.job(child)),
  ];
  expect(b.summary.loss).toBeCloseTo(a.summary.loss, 4);
});
