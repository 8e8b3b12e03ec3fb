import { expect, test } from 'vitest';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { cloudsFile, openSession } from './training-session.ts';

const clouds = cloudsFile();

test('a run is judged on its test part by its best checkpoint', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await session.runs.train({
    extraction: cloudsFile({ spread: 0.5 }),
    epochs: 15,
    selectBy: 'loss',
    batchSize: 8,
    optimizer: { learningRate: 0.05 },
  });
  const run = await session.runs.finished(id);
  const result = await session.judge.evaluate(session.runs.job(id));
  expect(result).toMatchObject({ part: 'test', checkpoint: run.best?.checkpoint, count: run.counts.test });
  expect(result.summary.accuracy).toBeGreaterThan(0.8);
  expect(result.confusion.reduce((sum, count) => sum + count, 0)).toBe(run.counts.test);
  expect(result.examples).toHaveLength(run.counts.test);
  const right = result.examples.filter(({ truth, prediction }) => truth === prediction).length;
  expect(right / result.count).toBeCloseTo(result.summary.accuracy);
});

test('the proof of resuming says bit-identical', async () => {
  const session = await openSession(new MemoryDisk());
  const proof = await session.judge.prove({ extraction: clouds, epochs: 5, batchSize: 16 }, 20);
  expect(proof).toMatchObject({ identical: true, steps: 20 });
});

test('a preview fills in defaults and counts the classes of each part', async () => {
  const session = await openSession(new MemoryDisk());
  const preview = await session.judge.preview({ extraction: clouds });
  expect(preview).toMatchObject({
    split: { kind: 'speakers' },
    layout: { kind: 'vector', size: 6 },
    problems: [],
  });
  expect(
    preview.classes.reduce((sum, { train, validation, test: held }) => sum + train + validation + held, 0),
  ).toBe(90);
  expect(preview.totalSteps).toBe(preview.stepsPerEpoch * preview.config.epochs);
});
