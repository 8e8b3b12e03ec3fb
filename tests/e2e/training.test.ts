import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasNumpy } from '../numpy.ts';
import { writeAudioFolder } from './audio-folder.ts';
import { openBuiltPage, type BuiltPage } from './built-page.ts';

const CLIPS = 40;

let app: BuiltPage;
let page: Page;
let dataset: string;
let extraction: string;

beforeAll(async () => {
  app = await openBuiltPage('?device=wasm');
  page = app.page;
  await page.waitForFunction(() => 'playground' in window);
  await page.getByTestId('folder-input').setInputFiles(await writeAudioFolder(CLIPS));
  [dataset, extraction] = await page.evaluate(async () => {
    const { playground } = window;
    let found = (await playground.datasets()).find(({ hours }) => hours > 0);
    while (!found) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      found = (await playground.datasets()).find(({ hours }) => hours > 0);
    }
    const encoder = await playground.loadEncoder('wavlm-nano');
    const id = await playground.extract({
      dataset: found.id,
      encoder: encoder.id,
      pooling: 'mean+std',
      shardSize: 10,
    });
    await playground.finished(id);
    return [found.id, id] as const;
  });
});
afterAll(() => app.close());

async function save(method: 'exportRun' | 'exportEmbeddings', id: string): Promise<string> {
  const download = page.waitForEvent('download');
  await page.evaluate(
    async ([name, of]) => {
      const file = await window.playground[name](of);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(file);
      link.download = file.name;
      link.click();
    },
    [method, id] as const,
  );
  const saved = await download;
  const path = join(mkdtempSync(join(tmpdir(), 'saved-')), saved.suggestedFilename());
  await saved.saveAs(path);
  return path;
}

test('a head is trained on an extraction, judged, mapped, asked, and exported with a scorer that agrees', async () => {
  const { run, result, map, prediction } = await page.evaluate(
    async ({ from, data }) => {
      const { playground } = window;
      const id = await playground.train({ extraction: from, split: 'stratified', epochs: 6, batchSize: 8 });
      const finished = await playground.runFinished(id);
      const [first] = await playground.utterances(data, 0, 1);
      return {
        run: finished,
        result: await playground.evaluate(id),
        map: await playground.map(from, { method: 'umap', run: id }),
        prediction: await playground.predict(id, await playground.clip(data, first!.path)),
      };
    },
    { from: extraction, data: dataset },
  );
  expect(run).toMatchObject({
    state: 'finished',
    epoch: 6,
    classes: ['class0', 'class1', 'class2', 'class3'],
  });
  expect(result).toMatchObject({ part: 'test', count: run.counts.test });
  expect(map.paths).toHaveLength(CLIPS);
  expect(new Set(map.parts)).toEqual(new Set(['train', 'validation', 'test']));
  expect(Object.values(map.points)).toHaveLength(2 * CLIPS);
  expect(Object.values(map.points).every(Number.isFinite)).toBe(true);
  const probabilities = Object.values(prediction.probabilities);
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
  // The clip asked about is one of the extraction: the way through decoding and encoder ends where training began.
  expect(map.predictions![map.paths.findIndex((path) => path.endsWith('voice0_0.wav'))]).toBe(
    prediction.classes[probabilities.indexOf(Math.max(...probabilities))],
  );

  if (!hasNumpy()) return;
  const zip = await save('exportRun', run.id);
  const npz = await save('exportEmbeddings', extraction);
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  execFileSync('/usr/bin/python3', ['-m', 'zipfile', '-e', zip, folder]);
  const scored = execFileSync('/usr/bin/python3', ['score.py', npz], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  const predicted = new Map(
    scored
      .trim()
      .split('\n')
      .map((line) => [line.split(',')[0], line.split(',')[1]] as const),
  );
  map.paths.forEach((path, at) => expect(predicted.get(path)).toBe(map.predictions![at]));
  const pictures = 'import sys;print(*[open(p,"rb").read(4)[1:].decode() for p in sys.argv[1:]])';
  expect(
    execFileSync('/usr/bin/python3', ['-c', pictures, 'confusion_matrix.png', 'training_history.png'], {
      cwd: folder,
      encoding: 'utf8',
    }).trim(),
  ).toBe('PNG PNG');
});

test('labels are corrected over the dataset, learned by the next run, kept over a reload, and taken back', async () => {
  const counts = await page.evaluate(
    async ({ from, data }) => {
      const { playground } = window;
      const [a, b] = await playground.utterances(data, 0, 2);
      await playground.relabel(data, [{ path: a!.path, label: 'another' }]);
      await playground.relabel(data, [{ path: b!.path, setAside: true }]);
      const id = await playground.train({
        extraction: from,
        split: { kind: 'stratified', validation: 0, test: 0, seed: 1 },
        epochs: 1,
      });
      return playground.runFinished(id);
    },
    { from: extraction, data: dataset },
  );
  expect(counts.classes).toContain('another');
  expect(counts.counts.train).toBe(CLIPS - 1);
  await page.reload();
  await page.waitForFunction(() => 'playground' in window);
  const after = await page.evaluate(async (data) => {
    const { playground } = window;
    await playground.datasets();
    const seen = async () =>
      (await playground.utterances(data, 0, 2)).map(({ label, isSetAside }) => [label, isSetAside ?? false]);
    const before = await seen();
    const listed = (await playground.corrections(data)).map(({ from, label, setAside, at }) => [
      from,
      label,
      setAside,
      at !== null,
    ]);
    const csv = await (await playground.exportLabels(data)).text();
    await playground.undoRelabel(data);
    const left = (await playground.corrections(data)).length;
    await playground.undoRelabel(data);
    return {
      before,
      undone: await seen(),
      csv,
      listed,
      left,
      runs: (await playground.runs()).map(({ state }) => state),
    };
  }, dataset);
  expect(after.before).toEqual([
    ['another', false],
    ['class0', true],
  ]);
  expect(after.listed).toEqual([
    ['class0', 'another', null, true],
    ['class0', null, true, true],
  ]);
  expect(after.left).toBe(1);
  expect(after.csv.split('\n')[1]).toMatch(/,another,.*,class0,\d{4}-/);
  expect(after.undone).toEqual([
    ['class0', false],
    ['class0', false],
  ]);
  expect(after.runs).toEqual(['finished', 'finished']);
});

test('a cross-validation cut off by a reload goes on with the next fold and ends as one that was not', async () => {
  const request = {
    extraction,
    groups: 'none' as const,
    folds: 3,
    head: { kind: 'mlp' as const, hidden: [256], dropout: 0.1 },
    epochs: 60,
    batchSize: 2,
  };
  await page.evaluate(
    (wanted) =>
      new Promise<void>((resolve) => {
        window.playground.subscribe((event) => {
          if (event.type === 'cross-validation' && event.crossValidation.folds.some(({ summary }) => summary))
            resolve();
        });
        void window.playground.crossValidate(wanted);
      }),
    request,
  );
  await page.reload();
  await page.waitForFunction(() => 'playground' in window);
  const outcome = await page.evaluate(async (wanted) => {
    const { playground } = window;
    const [kept] = await playground.crossValidations();
    if (!kept) throw new Error('Nothing is kept.');
    const resumed = await playground.resumeCrossValidation(kept.id);
    await playground.removeCrossValidation(kept.id);
    const straight = await playground.crossValidate(wanted);
    const done = kept.folds.filter(({ summary }) => summary).length;
    return { state: kept.state, done, resumed, straight };
  }, request);
  expect(outcome.state).toBe('interrupted');
  expect([1, 2]).toContain(outcome.done);
  expect(outcome.resumed).toEqual(outcome.straight);
});
