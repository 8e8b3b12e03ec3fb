import { mkdirSync } from 'node:fs';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBuiltPage, type BuiltPage } from './built-page.ts';

let built: BuiltPage;
const problems: string[] = [];
/** Pictures are taken only when asked for: `SHOTS=folder`. */
const shots = process.env['SHOTS'];

beforeAll(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  built = await openBuiltPage('?device=wasm');
  await built.page.setViewportSize({ width: 1280, height: 860 });
  built.page.on('pageerror', (error) => problems.push(error.message));
  await built.page.waitForFunction(() => 'playground' in window);
});

afterAll(() => built.close());

const shoot = async (name: string): Promise<void> => {
  if (shots) await built.page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
};

/** How many clips carry another label than the one they are named by. */
const labelsNow = (): Promise<number> =>
  built.page.evaluate(async () => {
    const [dataset] = await window.playground.datasets();
    const clips = await window.playground.utterances(dataset!.id);
    return clips.filter(({ path, label }) => label !== null && !path.includes(label)).length;
  });

test('the demo is extracted, learned with one click, judged, mapped, heard and asked, all on the page', async () => {
  const { page } = built;
  await page.evaluate(async () => {
    const { id } = await window.playground.openDemo();
    const encoder = await window.playground.loadEncoder('wavlm-nano');
    const job = await window.playground.extract({ dataset: id, encoder: encoder.id });
    await window.playground.finished(job);
    location.hash = '#/train';
  });
  await page.getByText('an epoch').waitFor();
  await shoot('train');
  await page.getByRole('button', { name: 'Start training' }).click();
  await page.getByText('30 / 30').waitFor();
  await page.getByText('Finished', { exact: true }).waitFor();
  await shoot('run');

  await page.getByRole('tab', { name: 'Results' }).click();
  await page
    .getByRole('button', { name: /^true .*, predicted .*: [1-9]/ })
    .first()
    .click();
  // Hear the error: the clip plays, is given another label, and the correction is taken back.
  await page
    .getByRole('button', { name: /^Play / })
    .first()
    .click();
  await page.locator('audio').waitFor();
  await page
    .getByRole('combobox', { name: /^Label of / })
    .first()
    .selectOption('yes');
  await page.getByText('now yes').waitFor();
  expect(await labelsNow()).toBe(1);
  await page.getByRole('button', { name: 'Undo the last correction' }).click();
  await page.getByText('now yes').waitFor({ state: 'detached' });
  expect(await labelsNow()).toBe(0);
  await page.getByText('Detection error trade-off').waitFor();
  await shoot('results');
  const evaluation = await page.evaluate(async () => {
    const [run] = await window.playground.runs();
    return window.playground.evaluate(run!.id, { checkpoint: run!.best!.checkpoint, split: 'validation' });
  });
  await page
    .getByText(`${(100 * evaluation.summary.accuracy).toFixed(1)} %`)
    .first()
    .waitFor();

  await page.getByRole('tab', { name: 'Map' }).click();
  await page.getByText(/\d+ points/).waitFor();
  await shoot('map');

  await page.getByRole('tab', { name: 'Use it' }).click();
  const clip = await page.evaluate(async () => {
    const [dataset] = await window.playground.datasets();
    const [first] = await window.playground.utterances(dataset!.id, 0, 1);
    const file = await window.playground.clip(dataset!.id, first!.path);
    return { name: file.name, type: file.type, bytes: [...new Uint8Array(await file.arrayBuffer())] };
  });
  await page
    .getByTestId('use-input')
    .setInputFiles({ name: clip.name, mimeType: clip.type || 'audio/wav', buffer: Buffer.from(clip.bytes) });
  await page.getByText('Probabilities').first().waitFor();
  await shoot('use');

  await page.getByRole('tab', { name: 'Training', exact: true }).click();
  await page.getByRole('button', { name: 'Train longer…' }).click();
  await page.getByLabel('Epochs in all').fill('32');
  await page.getByLabel('Epochs in all').press('Tab');
  await page.getByRole('row', { name: 'epochs 30 32' }).waitFor();
  await shoot('resume');
  await page.getByRole('button', { name: 'Go on', exact: true }).click();
  await page.getByText('32 / 32').waitFor();
  expect(problems).toEqual([]);
});
