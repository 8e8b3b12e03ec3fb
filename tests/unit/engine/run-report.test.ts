import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportCheckpoint } from '../../../src/engine/training/run-checkpoints.ts';
import { classificationReport, historyCsv } from '../../../src/engine/training/run-report.ts';
import { scoreScript } from '../../../src/engine/training/score-script.ts';
import { MemoryDisk } from '../../../src/shards/memory.ts';
import { hasNumpy } from '../../numpy.ts';
import { cloudsFile, openSession } from './training-session.ts';

const clouds = cloudsFile({ spread: 0.5 });

test.runIf(hasNumpy())('the Python file scores an .npz with the exported head as the app does', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await session.runs.train({
    extraction: clouds,
    head: { kind: 'mlp', hidden: [8], dropout: 0 },
    epochs: 10,
    batchSize: 8,
    optimizer: { learningRate: 0.02 },
  });
  await session.runs.finished(id);
  const job = session.runs.job(id);
  const result = await session.judge.evaluate(job, { split: 'test' });
  const folder = mkdtempSync(join(tmpdir(), 'score-'));
  const file = await exportCheckpoint(job, result.checkpoint);
  mkdirSync(join(folder, 'checkpoints'));
  writeFileSync(join(folder, 'checkpoints', '0.safetensors'), new Uint8Array(await file.arrayBuffer()));
  writeFileSync(join(folder, 'clouds.npz'), new Uint8Array(await clouds.arrayBuffer()));
  writeFileSync(join(folder, 'score.py'), scoreScript);
  const lines = execFileSync('/usr/bin/python3', ['score.py', 'clouds.npz'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  })
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const scored = new Map(lines.map(([path, prediction, probability]) => [path, { prediction, probability }]));
  expect(scored.size).toBe(90);
  for (const { path, prediction, confidence } of result.examples) {
    expect(scored.get(path)?.prediction).toBe(result.classes[prediction]);
    expect(Number(scored.get(path)?.probability)).toBeCloseTo(confidence, 4);
  }
});

test('the report and the history are read back as tables', async () => {
  const session = await openSession(new MemoryDisk());
  const id = await session.runs.train({ extraction: clouds, epochs: 3, batchSize: 8 });
  const run = await session.runs.finished(id);
  const rows = historyCsv(run.history)
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  expect(rows).toHaveLength(4);
  expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([10]));
  expect(Number(rows[3]![3])).toBe(run.history[2]!.trainLoss);
  const report = classificationReport(await session.judge.evaluate(session.runs.job(id)));
  expect(report).toMatch(/class 0 +\d\.\d{4} +\d\.\d{4} +\d\.\d{4} +\d+/);
  expect(report).toContain('weighted avg');
});
