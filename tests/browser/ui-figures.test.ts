import axe from 'axe-core';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { pngOf } from '../../src/ui/charts/export-figure.ts';
import { fakeMap, showFigures } from '../ui/gallery/show-figures.ts';

let shown: HTMLElement;
afterEach(() => {
  shown.remove();
  localStorage.removeItem('wavlm-playground.theme');
});

const drawn = async (points?: number): Promise<void> => {
  await page.viewport(1000, 860);
  shown = showFigures(points);
  await expect
    .poll(() => shown.querySelector('line-chart')?.shadowRoot?.querySelector('.plot path'))
    .toBeTruthy();
};

const find = <Name extends keyof HTMLElementTagNameMap>(name: Name): HTMLElementTagNameMap[Name] => {
  const element = shown.querySelector(name);
  if (!element) throw new Error(`No ${name} is shown.`);
  return element;
};

test.each(['light', 'dark'])('axe finds nothing in the charts, %s', async (theme) => {
  localStorage.setItem('wavlm-playground.theme', theme);
  await drawn(500);
  const { violations } = await axe.run(shown);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('a line chart is read with the arrow keys', async () => {
  await drawn(10);
  const slider = page.getByRole('slider', { name: 'Loss by epoch' });
  find('line-chart').shadowRoot?.querySelector<HTMLElement>('.plot')?.focus();
  await userEvent.keyboard('{ArrowRight}{ArrowRight}');
  await expect
    .element(slider)
    .toHaveAttribute('aria-valuetext', expect.stringMatching(/^epoch 2: training 1\.\d+, validation 1\./u));
});

test('every chart leaves as a complete SVG, a PNG and its numbers', async () => {
  await drawn(10);
  for (const name of ['line-chart', 'confusion-matrix', 'scatter-map'] as const) {
    const chart = find(name);
    const svg = chart.toSvg();
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
    expect(parsed.querySelector('parsererror')).toBeNull();
    expect(svg).not.toContain('var(--');
    expect((await pngOf(svg)).size).toBeGreaterThan(1000);
    expect(chart.toCsv().split('\r\n').length).toBeGreaterThan(6);
  }
});

test('a confusion cell tells which one was chosen', async () => {
  await drawn(10);
  const chosen: unknown[] = [];
  shown.addEventListener('cell-chosen', (event) => chosen.push((event as CustomEvent).detail));
  await page.getByRole('button', { name: 'true fear, predicted sadness' }).click();
  expect(chosen).toEqual([{ truth: 2, predicted: 5 }]);
});

test('a click on the map finds its point among 20,000, and a hidden group is passed over', async () => {
  await drawn(20_000);
  const map = find('scatter-map');
  const { groups } = fakeMap(20_000);
  const chosen: number[] = [];
  map.addEventListener('point-chosen', (event) => chosen.push((event as CustomEvent<number>).detail));
  await userEvent.click(map.shadowRoot!.querySelector('.plot')!, { position: { x: 480, y: 230 } });
  if (chosen.length === 0)
    await userEvent.click(map.shadowRoot!.querySelector('.plot')!, { position: { x: 420, y: 200 } });
  expect(chosen).toHaveLength(1);
  const group = groups[chosen[0]!]!;
  await page.getByRole('group', { name: 'Groups' }).getByRole('button').nth(group).click();
  await userEvent.click(map.shadowRoot!.querySelector('.plot')!, { position: { x: 480, y: 230 } });
  expect(chosen.slice(1).every((point) => groups[point] !== group)).toBe(true);
});
