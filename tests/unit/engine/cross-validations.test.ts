import { expect, test } from 'vitest';
import type { CrossValidationRequest, CrossValidationStatus } from '../../../src/engine/training-protocol.ts';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { cloudsFile, openSession } from './training-session.ts';

const request: CrossValidationRequest = {
  extraction: cloudsFile(),
  groups: 'speaker',
  head: { kind: 'mlp', hidden: [8], dropout: 0.2 },
  epochs: 4,
  batchSize: 16,
  checkpointEverySteps: 2,
  optimizer: { learningRate: 0.05 },
};

const foldsDone = ({ folds }: CrossValidationStatus): number =>
  folds.filter(({ summary }) => summary !== null).length;

test('leaving one speaker out pools the predictions of every fold', async () => {
  const session = await openSession(new MemoryDisk());
  const result = await session.crossValidations.start({ ...request, head: { kind: 'linear' }, epochs: 8 });
  expect(result.method.kind).toBe('leave-one-speaker-out');
  expect(result.folds.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `speaker ${i}`));
  expect(result.confusion.reduce((sum, count) => sum + count, 0)).toBe(90);
  expect(result.pooled.accuracy).toBeGreaterThan(0.8);
  const told = session.events.flatMap((event) =>
    event.type === 'cross-validation' ? [foldsDone(event.crossValidation)] : [],
  );
  expect(new Set(told)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  expect(session.crossValidations.list()[0]!.state).toBe('finished');
});

test('cut off anywhere, it goes on with what is kept and pools to the same bits as one that was not', async () => {
  const disk = new MemoryDisk();
  const straight = await openSession(disk);
  // Power cuts at many moments of the whole: copies of the disk as they would be found.
  const found: MemoryDisk[] = [];
  let changes = 0;
  disk.onChange = () => {
    changes += 1;
    if (changes % 43 === 0) found.push(disk.clone());
  };
  const wanted = await straight.crossValidations.start(request);
  disk.onChange = null;
  expect(found.length).toBeGreaterThan(8);

  const doneBefore = new Set<number>();
  for (const cut of found) {
    const session = await openSession(cut);
    const [known] = session.crossValidations.list();
    if (!known) continue;
    expect(['interrupted', 'finished']).toContain(known.state);
    doneBefore.add(foldsDone(known));
    expect(await session.crossValidations.resume(known.id)).toEqual(wanted);
    const trained = session.events.flatMap((event) =>
      event.type === 'cross-validation' && event.crossValidation.state === 'running'
        ? [foldsDone(event.crossValidation)]
        : [],
    );
    // No fold that was there is trained again.
    if (trained.length > 0) expect(Math.min(...trained)).toBe(foldsDone(known));
  }
  expect(doneBefore.size).toBeGreaterThan(3);
});

test('any column, part of the name or pattern can be what is left out; no group is in training and test alike', async () => {
  const session = await openSession(new MemoryDisk());
  const quick = { ...request, head: { kind: 'linear' }, epochs: 1 } as const;
  const byLabel = await session.crossValidations.start({ ...quick, target: 'speaker', groups: 'label' });
  expect(byLabel.folds.map(({ name, count }) => [name, count])).toEqual([
    ['class 0', 30],
    ['class 1', 30],
    ['class 2', 30],
  ]);
  const byLastDigit = await session.crossValidations.start({ ...quick, groups: { pattern: '(\\d)\\.wav' } });
  expect(byLastDigit.method).toEqual({ kind: 'leave-one-group-out', groups: { pattern: '(\\d)\\.wav' } });
  expect(byLastDigit.folds.map(({ name, count }) => `${name}: ${count}`)).toEqual(
    Array.from({ length: 10 }, (_, digit) => `${digit}: 9`),
  );
  const folds = await session.crossValidations.start({
    ...quick,
    groups: { pattern: '(\\d)\\.wav' },
    folds: 5,
  });
  expect(folds.folds.map(({ count }) => count)).toEqual([18, 18, 18, 18, 18]);
  const [newest] = session.crossValidations.list().filter(({ method }) => method.kind === 'k-fold');
  expect(newest!.groups).toContain('in the path');
  await expect(session.crossValidations.start({ ...quick, groups: 'label' })).rejects.toThrow(
    'none can be left out of training',
  );
  await expect(session.crossValidations.start({ ...quick, groups: { column: 'session' } })).rejects.toThrow(
    'Not every utterance belongs to a group',
  );
});

test('asked for again after a reload it is known by what it is, with other settings it is another', async () => {
  const disk = new MemoryDisk();
  const first = await openSession(disk);
  const result = await first.crossValidations.start(request);
  const session = await openSession(disk);
  expect(await session.crossValidations.start(request)).toEqual(result);
  expect(session.crossValidations.list()).toHaveLength(1);
  await session.crossValidations.start({ ...request, epochs: 2 });
  expect(session.crossValidations.list()).toHaveLength(2);
});

test('paused in a fold, it says how far it is and goes on to the same result', async () => {
  const straight = await openSession(new MemoryDisk());
  const wanted = await straight.crossValidations.start(request);

  const session = await openSession(new MemoryDisk());
  const pending = session.crossValidations.start(request);
  const outcome = pending.then(
    () => null,
    (error: unknown) => error,
  );
  await session.told((event) => event.type === 'cross-validation' && foldsDone(event.crossValidation) >= 2);
  const { id } = session.crossValidations.list()[0]!;
  const paused = await session.crossValidations.pause(id);
  expect(paused.state).toBe('paused');
  expect(String(await outcome)).toMatch(/paused with [2-5] of 6 folds done/);
  expect(await session.crossValidations.resume(id)).toEqual(wanted);
});

test('a full disk pauses it with the reason; with room again it ends in the same result', async () => {
  const straight = await openSession(new MemoryDisk());
  const wanted = await straight.crossValidations.start(request);

  const disk = new MemoryDisk();
  const session = await openSession(disk);
  const pending = session.crossValidations.start(request);
  await session.told((event) => event.type === 'cross-validation' && foldsDone(event.crossValidation) >= 1);
  disk.capacityBytes = disk.usedBytes() + 3000;
  await expect(pending).rejects.toMatchObject({ name: 'StorageFullError' });
  const [stopped] = session.crossValidations.list();
  expect(stopped!.state).toBe('paused');
  expect(stopped!.notice).toContain('no room left');
  disk.capacityBytes = Infinity;
  expect(await session.crossValidations.resume(stopped!.id)).toEqual(wanted);
});

test('a fold that is damaged on disk is trained again, to the same bits', async () => {
  const disk = new MemoryDisk();
  const first = await openSession(disk);
  const wanted = await first.crossValidations.start(request);
  const [{ id } = { id: '' }] = first.crossValidations.list();
  const [, second] = await first.store.records(`cross-validation-${id}`, 'fold');
  const bytes = await first.store.read(second!);
  for (const file of disk.files.values()) {
    const at = Buffer.from(file.bytes).indexOf(Buffer.from(bytes));
    if (at >= 0) file.bytes[at + 3]! ^= 1;
  }
  const session = await openSession(disk);
  expect(await session.crossValidations.resume(id)).toEqual(wanted);
  const told = session.events.flatMap((event) =>
    event.type === 'cross-validation' ? [foldsDone(event.crossValidation)] : [],
  );
  expect([Math.min(...told), Math.max(...told)]).toEqual([5, 6]);
});

test('removed, it is gone, and a file that only it learned from goes with it', async () => {
  const disk = new MemoryDisk();
  const session = await openSession(disk);
  await session.crossValidations.start({ ...request, epochs: 1 });
  const run = await session.runs.train({ ...request, epochs: 1, extraction: cloudsFile() });
  await session.runs.finished(run);
  const [{ id } = { id: '' }] = session.crossValidations.list();
  await session.runs.remove(run);
  const files = async (): Promise<number> =>
    (await session.store.jobs()).filter((job) => job.startsWith('npz-')).length;
  expect(await files()).toBe(1);
  await session.crossValidations.remove(id);
  expect(await files()).toBe(0);
  expect((await openSession(disk)).crossValidations.list()).toEqual([]);
});
