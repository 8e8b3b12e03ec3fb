import axe from 'axe-core';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { fakeRun } from '../ui/fakes/fake-runs.ts';
import { showScene, type ShownScene } from '../ui/gallery/show-scene.ts';

let shown: ShownScene;
afterEach(() => shown.close());

const open = async (name: string): Promise<ShownScene> => {
  await page.viewport(1280, 860);
  shown = await showScene(name);
  return shown;
};

const violations = async (): Promise<readonly string[]> => {
  const found = await axe.run(shown.shell, { resultTypes: ['violations'] });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
};

test('one click trains on the newest extraction with the defaults and shows the run', async () => {
  const { playground } = await open('train-settings');
  await expect.element(page.getByText('2,460, 82 an epoch')).toBeVisible();
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect.element(page.getByRole('heading', { name: 'New run' })).toBeVisible();
  const call = playground.calls.find((each) => each.startsWith('train('));
  expect(call).toContain('"split":"auto"');
  expect(call).toContain('"head":{"kind":"linear"}');
});

test('what cannot be trained is said, and the button waits', async () => {
  await open('train-refused');
  await expect.element(page.getByText('a classifier needs at least two classes')).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Start training' })).toBeDisabled();
});

test('embeddings that could not be looked at are said so, and looked at again on request', async () => {
  await open('train-unread');
  await expect.element(page.getByText('could not be looked at')).toBeVisible();
  await expect.element(page.getByText('Shard 12 of CREMA-D is damaged')).toBeVisible();
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect.element(page.getByText('2,460, 82 an epoch')).toBeVisible();
});

test('settings reach the request: head, sizes, optimizer, split shares', async () => {
  const { playground } = await open('train-settings');
  await page.getByRole('radio', { name: 'Multi-layer perceptron' }).click();
  await page.getByRole('textbox', { name: 'Hidden layers, sizes' }).fill('128, 64');
  await page.getByRole('radio', { name: 'SGD' }).click();
  await page.getByRole('radio', { name: /^Stratified/ }).click();
  await page.getByRole('spinbutton', { name: 'Test, percent' }).fill('25');
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect.poll(() => playground.calls.some((call) => call.startsWith('train('))).toBe(true);
  const call = playground.calls.find((each) => each.startsWith('train(')) ?? '';
  expect(call).toContain('"hidden":[128,64]');
  expect(call).toContain('"kind":"sgd"');
  expect(call).toContain('"kind":"stratified","validation":0.15,"test":0.25,"seed":1');
});

test('embeddings brought along are trained on instead of an extraction', async () => {
  const { playground } = await open('train-empty');
  const transfer = new DataTransfer();
  transfer.items.add(new File(['PK'], 'mine.npz'));
  dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect
    .poll(() => playground.calls.find((call) => call.startsWith('train(')))
    .toContain('"extraction":"mine.npz"');
});

test('the proof is asked for and its sentence shown with both hashes', async () => {
  const { playground } = await open('train-settings');
  await page.getByRole('button', { name: 'Prove it' }).click();
  await expect.element(page.getByText('Bit-identical: 20 steps')).toBeVisible();
  expect(playground.calls).toContain('proveResume(20)');
});

test('the curves follow a run while it trains', async () => {
  const { playground } = await open('run-training');
  await expect.element(page.getByText('18 / 30')).toBeVisible();
  playground.emit({ type: 'run', run: fakeRun(0.8) });
  await expect.element(page.getByText('24 / 30')).toBeVisible();
  await expect
    .element(page.getByRole('progressbar', { name: 'Updates done' }))
    .toHaveAttribute('aria-valuenow', '80');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect.element(page.getByText('Paused')).toBeVisible();
  expect(playground.calls).toContain('pauseRun(run1)');
});

test('training longer asks about the schedule and lists old and new before anything runs', async () => {
  const { playground } = await open('run-finished');
  await page.getByRole('button', { name: 'Train longer…' }).click();
  await expect.element(page.getByText('Nothing changes')).toBeVisible();
  await page.getByRole('spinbutton', { name: 'Epochs in all' }).fill('45');
  await userEvent.keyboard('{Tab}');
  await expect.element(page.getByRole('row', { name: 'epochs 30 45' })).toBeVisible();
  await page.getByRole('radio', { name: 'Stretch' }).click();
  expect(await violations()).toEqual([]);
  expect(playground.calls.some((call) => call.startsWith('resumeRun'))).toBe(false);
  await page.getByRole('button', { name: 'Go on', exact: true }).click();
  await expect.poll(() => playground.calls).toContain('resumeRun {"epochs":45,"extension":"stretch"} (run1)');
});

test('a refused resume says why and cannot be started', async () => {
  await open('run-refused');
  await page.getByRole('button', { name: 'Resume with changes…' }).click();
  await expect.element(page.getByText('means nothing to sgd')).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Go on', exact: true })).toBeDisabled();
});

test('a checkpoint is pinned, and deleted after a question', async () => {
  const { playground } = await open('run-finished');
  await page.getByRole('button', { name: 'Pin epoch 30, update 2460' }).click();
  await expect.element(page.getByRole('button', { name: 'Unpin epoch 30, update 2460' })).toBeVisible();
  await page.getByRole('button', { name: 'Delete epoch 27, update 2214' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect.poll(() => playground.calls).toContain('deleteCheckpoint(epoch-27)');
});

test('a confusion cell lists its clips, which play, are relabelled and set aside; undo takes it back', async () => {
  const { playground } = await open('run-results');
  await page.getByRole('button', { name: 'true fear, predicted anger' }).click();
  const list = page.getByRole('region', { name: 'Labelled fear, predicted anger' });
  await expect.element(list).toBeVisible();
  await list
    .getByRole('button', { name: /^Play / })
    .first()
    .click();
  await expect.poll(() => playground.calls.some((call) => call.startsWith('clip('))).toBe(true);
  await list.getByRole('combobox').first().selectOptions('anger');
  await expect.element(list.getByText('now anger')).toBeVisible();
  await list
    .getByRole('button', { name: /^Set aside / })
    .nth(1)
    .click();
  await expect.element(list.getByText('set aside', { exact: true })).toBeVisible();
  expect(await violations()).toEqual([]);
  await list.getByRole('button', { name: 'Undo the last correction' }).click();
  await expect.element(list.getByText('1 correction now')).toBeVisible();
  await list.getByRole('button', { name: 'Train again with the corrected labels' }).click();
  await expect.poll(() => playground.calls.find((call) => call.startsWith('train('))).toContain('corrected');
});

test('corrections of earlier sessions are listed with the dataset, and the newest is taken back', async () => {
  const { playground } = await open('data-corrected');
  const list = page.getByRole('list', { name: 'Corrections, newest first' });
  await expect.element(list.getByText('anger → disgust')).toBeVisible();
  await expect.element(list.getByText('set aside')).toBeVisible();
  await page.getByRole('button', { name: 'Undo the last correction' }).click();
  await expect.element(list.getByText('set aside')).not.toBeInTheDocument();
  await expect.element(list.getByText('anger → disgust')).toBeVisible();
  expect(playground.calls.some((call) => call.startsWith('undoRelabel('))).toBe(true);
});

test('a kept cross-validation shows its folds; an interrupted one goes on, another is removed', async () => {
  const { playground } = await open('train-cross-validated');
  await expect.element(page.getByRole('rowheader', { name: 'pooled' })).toBeVisible();
  await expect.element(page.getByText('2 of 3 folds done')).toBeVisible();
  await page.getByRole('button', { name: 'Go on', exact: true }).click();
  await expect.poll(() => playground.calls).toContain('resumeCrossValidation(cut)');
  await expect.element(page.getByText('2 of 3 folds done')).not.toBeInTheDocument();
  await page.getByRole('button', { name: 'Remove' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect.poll(() => playground.calls).toContain('removeCrossValidation(kept)');
});

test('a column, a part of the name or a pattern is chosen as what is left out', async () => {
  const { playground } = await open('train-settings');
  const left = page.getByLabelText('Leave out one');
  await expect.element(left.getByRole('option', { name: /^speaker \(91 groups: 1001/ })).toBeInTheDocument();
  await left.selectOptions(left.getByRole('option', { name: /“Sex” of the CSV/ }));
  await page.getByRole('button', { name: 'Cross-validate' }).click();
  await expect.poll(() => playground.calls).toContain('crossValidate({"groups":{"column":"Sex"}})');
  await left.selectOptions('pattern');
  await page.getByLabelText('Regular expression on the path').fill('_(\\w{3})_');
  await page.getByRole('button', { name: 'Cross-validate' }).click();
  await expect.poll(() => playground.calls).toContain('crossValidate({"groups":{"pattern":"_(\\\\w{3})_"}})');
  await page.getByRole('radio', { name: /^Folds/ }).click();
  await expect.element(page.getByLabelText('Keep together')).toHaveValue('pattern');
});

test('tabs are chosen by arrow keys and kept in the address', async () => {
  await open('run-finished');
  page.getByRole('tab', { name: 'Training' }).element().focus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(page.getByRole('tab', { name: 'Results' })).toHaveAttribute('aria-selected', 'true');
  expect(location.hash).toBe('#/runs/run1/results');
  await expect.element(page.getByText('Confusion matrix').first()).toBeVisible();
});

test('a point of the map shows its clip, and the map is coloured by speaker', async () => {
  await open('run-map');
  await expect.element(page.getByText('2,000 points')).toBeVisible();
  await page.getByRole('radio', { name: 'Speaker' }).click();
  await expect.element(page.getByRole('button', { name: /^1001 / })).toBeVisible();
  const map = document
    .querySelector('app-shell')
    ?.shadowRoot?.querySelector('run-view')
    ?.shadowRoot?.querySelector('run-map')
    ?.shadowRoot?.querySelector('scatter-map');
  map?.shadowRoot?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(page.getByRole('heading', { name: 'The clip at this point' })).toBeVisible();
});

test('a dropped recording is asked about, not opened as a dataset', async () => {
  const { playground } = await open('run-use');
  const zone = document
    .querySelector('app-shell')
    ?.shadowRoot?.querySelector('run-view')
    ?.shadowRoot?.querySelector('run-use')
    ?.shadowRoot?.querySelector('.drop');
  const transfer = new DataTransfer();
  transfer.items.add(await playground.clip('d', 'a.wav'));
  zone?.dispatchEvent(
    new DragEvent('drop', { dataTransfer: transfer, cancelable: true, bubbles: true, composed: true }),
  );
  await expect.element(page.getByText('62.0 %').first()).toBeVisible();
  await expect.element(page.getByRole('img', { name: 'Waveform of 0.10 seconds' })).toBeVisible();
  expect(playground.calls).toContain('predict()');
  expect(playground.calls.some((call) => call.startsWith('openDataset'))).toBe(false);
  expect(await violations()).toEqual([]);
});

test('a checkpoint from elsewhere is taken in as a run', async () => {
  const { playground } = await open('runs-compared');
  await page.getByLabelText('File', { exact: true }).upload(new File(['{}'], 'epoch-12.safetensors'));
  await page.getByRole('button', { name: 'Take in as a run' }).click();
  await expect.element(page.getByRole('heading', { name: 'Imported' })).toBeVisible();
  expect(playground.calls).toContain('importCheckpoint(epoch-12.safetensors)');
});

test('two runs are drawn over each other, and unticking one takes its line away', async () => {
  await open('runs-compared');
  await expect.element(page.getByRole('button', { name: 'Layer 9 alone' })).toBeVisible();
  await page.getByRole('checkbox', { name: 'Draw Layer 9 alone' }).click();
  await expect.element(page.getByRole('button', { name: 'Layer 9 alone' })).not.toBeInTheDocument();
});
