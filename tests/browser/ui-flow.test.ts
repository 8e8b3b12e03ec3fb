import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { showScene, type ShownScene } from '../ui/gallery/show-scene.ts';

let shown: ShownScene;
afterEach(() => shown.close());

const open = async (name: string): Promise<ShownScene> => {
  await page.viewport(1280, 860);
  shown = await showScene(name);
  return shown;
};

const inside = (selector: string): Element => {
  const search = (root: ParentNode): Element | null => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches(selector)) return element;
      const found = element.shadowRoot && search(element.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  const found = search(document);
  if (!found) throw new Error(`Nothing matches ${selector}.`);
  return found;
};

const wav = (name: string): File => new File(['RIFF'], name);

test('a folder given to the folder input becomes the dataset on view, and one click starts', async () => {
  const { playground } = await open('start-empty');
  const input = inside('[data-testid="folder-input"]') as HTMLInputElement;
  expect(input.webkitdirectory).toBe(true);
  const transfer = new DataTransfer();
  transfer.items.add(wav('a.wav'));
  transfer.items.add(wav('b.wav'));
  input.files = transfer.files;
  input.dispatchEvent(new Event('change'));
  await expect.element(page.getByRole('heading', { name: 'CREMA-D' })).toBeVisible();
  expect(playground.calls).toContain('openDataset(2)');
  await page.getByRole('button', { name: 'Start extraction' }).click();
  await expect.element(page.getByRole('progressbar', { name: 'Clips done' })).toBeVisible();
  expect(playground.calls.some((call) => call.startsWith('extract('))).toBe(true);
});

test('weights without audio beside them are taken for a checkpoint', async () => {
  const { playground } = await open('start-empty');
  const transfer = new DataTransfer();
  for (const name of ['config.json', 'model.safetensors']) transfer.items.add(wav(name));
  dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  await expect.element(page.getByRole('heading', { name: 'Encoder' })).toBeVisible();
  expect(playground.calls).toContain('loadEncoder(files)');
});

test('files dropped anywhere on any view are opened', async () => {
  const { playground } = await open('encoder-full');
  const transfer = new DataTransfer();
  transfer.items.add(wav('a.wav'));
  dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  await expect.poll(() => playground.calls).toContain('openDataset(1)');
  await expect.poll(() => location.hash).toBe('#/data');
});

test('resuming an interrupted extraction reopens its folder first', async () => {
  const { playground } = await open('start-unfinished');
  await page.getByRole('button', { name: 'Resume' }).first().click();
  await expect.poll(() => location.hash).toContain('#/extract/');
  expect(playground.calls).toEqual(['reopenFolder(dataset-7442)', 'resume(x7f3a9c2e41b)']);
});

test('pause, resume and stop reach the engine, and what may not be done is not offered', async () => {
  const { playground } = await open('job-running');
  await expect.element(page.getByRole('button', { name: 'Remove' })).toBeDisabled();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect
    .poll(() => playground.calls.map((call) => call.replace(/\(.*/u, '')))
    .toEqual(['pause', 'resume', 'stop']);
});

test('a second tab offers nothing that writes', async () => {
  await open('job-second-tab');
  await expect.element(page.getByText('Another tab is working on this extraction.')).toBeVisible();
  expect(page.getByRole('button', { name: 'Pause' }).elements()).toEqual([]);
  expect(page.getByRole('button', { name: 'Resume' }).elements()).toEqual([]);
  await expect.element(page.getByRole('button', { name: 'Remove' })).toBeDisabled();
  await expect.element(page.getByRole('button', { name: 'Export partial .npz' })).toBeEnabled();
});

test('removing asks first, and cancelling removes nothing', async () => {
  const { playground } = await open('job-finished');
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(playground.calls).toEqual([]);
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect.poll(() => playground.calls).toEqual(['remove(done1)']);
  await expect.poll(() => location.hash).toBe('#/extract');
});

test('repair marks the damaged shards and carries on', async () => {
  const { playground } = await open('job-damaged');
  await page.getByRole('button', { name: 'Repair 3 shards' }).first().click();
  await expect.poll(() => playground.calls[0]).toBe('repair(damaged)');
});

test('the shard map is walked with the arrow keys and saves the chosen shard', async () => {
  const { playground } = await open('job-running');
  (inside('[role="slider"]') as HTMLElement).focus();
  await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}');
  await expect.element(page.getByRole('slider')).toHaveAttribute('aria-valuenow', '3');
  await expect
    .element(page.getByRole('slider'))
    .toHaveAttribute('aria-valuetext', expect.stringContaining('shard_0200-0299.npz: done'));
  await page.getByRole('button', { name: 'Save this shard' }).click();
  expect(playground.calls).toEqual(['exportShard(x7f3a9c2e41b, shard_0200-0299.npz)']);
});

test('a failure of the engine is a sentence that can be dismissed', async () => {
  await open('encoder-full');
  await page.getByLabelText('Model').fill('nobody/nothing');
  await page.getByRole('button', { name: 'Download' }).click();
  const notice = page.getByText('huggingface.co has no model nobody/nothing: check the name.');
  await expect.element(notice).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect.poll(() => notice.elements()).toEqual([]);
});

test('the table draws a screenful of 7,442 rows, searches and sorts them', async () => {
  await open('data-full');
  await expect.element(page.getByRole('table')).toHaveAttribute('aria-rowcount', '7443');
  expect(page.getByRole('row').elements().length).toBeLessThan(60);
  await page.getByLabelText('Search file names').fill('_00042');
  await expect.element(page.getByRole('table')).toHaveAttribute('aria-rowcount', '2');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('button', { name: 'Length' }).click();
  await expect
    .element(page.getByRole('columnheader', { name: 'Length' }))
    .toHaveAttribute('aria-sort', 'ascending');
});

test('settings that differ say that they make another extraction, and in what', async () => {
  await open('extract-settings');
  await expect.element(page.getByText('nothing is computed', { exact: false })).toBeVisible();
  await page.getByRole('radio', { name: 'All layers' }).click();
  await expect.element(page.getByText('Layers: layer 12 → layers 0 to 12')).toBeVisible();
  await expect.element(page.getByText('7,442 × 13 × 768')).toBeVisible();
});

test('an extraction that does not fit on the disk is said before it starts', async () => {
  await open('extract-full-disk');
  await expect.element(page.getByText('This does not fit', { exact: false })).toBeVisible();
});

test('the whole way can be gone by keyboard', async () => {
  const { playground } = await open('start-empty');
  const press = async (name: string): Promise<void> => {
    for (let step = 0; step < 60; step += 1) {
      let focused: Element | null = document.activeElement;
      while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
      if (focused?.textContent.includes(name)) return userEvent.keyboard('{Enter}');
      await userEvent.tab();
    }
    throw new Error(`${name} is not reached by Tab.`);
  };
  await press('Try the demo');
  await expect.poll(() => location.hash).toBe('#/data');
  await press('Start extraction');
  await expect.poll(() => playground.calls.some((call) => call.startsWith('extract('))).toBe(true);
  await expect.poll(() => location.hash).toContain('#/extract/');
  await press('Pause');
  await expect.poll(() => playground.calls.some((call) => call.startsWith('pause('))).toBe(true);
});
