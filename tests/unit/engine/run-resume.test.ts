import { expect, test } from 'vitest';
import type { TrainRequest } from '../../../src/engine/training-protocol.ts';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { cloudsFile, openSession } from './training-session.ts';

const request: TrainRequest = {
  extraction: cloudsFile(),
  head: { kind: 'mlp', hidden: [8], dropout: 0.2 },
  epochs: 4,
  batchSize: 16,
  checkpointEverySteps: 2,
};

test('whatever moment the power goes at, the run is interrupted and goes on to the same bits', async () => {
  const disk = new MemoryDisk();
  const straight = await openSession(disk);
  const id = await straight.runs.train(request);
  const remains: MemoryDisk[] = [];
  let moment = 0;
  disk.onChange = () => {
    moment += 1;
    if (moment % 11 === 0) remains.push(disk.clone());
  };
  const finished = await straight.runs.finished(id);
  disk.onChange = null;
  expect(finished).toMatchObject({ state: 'finished', epoch: 4, epochs: 4 });
  expect(finished.history).toHaveLength(4);
  const digest = await straight.digestOf(id);

  expect(remains.length).toBeGreaterThan(3);
  const states = new Set<string>();
  for (const left of remains) {
    const session = await openSession(left);
    const [run] = await session.runs.list();
    if (!run) continue;
    states.add(run.state);
    await session.runs.resume(run.id);
    expect(await session.runs.finished(run.id)).toMatchObject({
      state: 'finished',
      epoch: 4,
      step: finished.step,
    });
    expect(await session.digestOf(run.id)).toBe(digest);
  }
  expect(states).toContain('interrupted');
});

test('a run goes on with the labels it was begun with, and is the same in another session', async () => {
  const disk = new MemoryDisk();
  const first = await openSession(disk);
  const id = await first.runs.train(request);
  await first.runs.end(id, 'pause');
  const second = await openSession(disk);
  expect((await second.runs.status(id)).state).toBe('paused');
  await second.runs.resume(id);
  const finished = await second.runs.finished(id);
  expect(finished).toMatchObject({ state: 'finished', target: 'label', split: { kind: 'speakers' } });
  expect(finished.classes).toEqual(['class 0', 'class 1', 'class 2']);
  const again = await openSession(new MemoryDisk());
  const other = await again.runs.train(request);
  await again.runs.finished(other);
  expect(await again.digestOf(other)).toBe(await second.digestOf(id));
});
