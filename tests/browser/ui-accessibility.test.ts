import axe from 'axe-core';
import { afterEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { scenes } from '../ui/fakes/scenes.ts';
import { showScene, type ShownScene } from '../ui/gallery/show-scene.ts';

let shown: ShownScene | null = null;
afterEach(() => {
  shown?.close();
  localStorage.removeItem('wavlm-playground.theme');
});

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

async function violationsOf(name: string): Promise<string[]> {
  shown = await showScene(name);
  await settle();
  const { violations } = await axe.run(shown.shell, { resultTypes: ['violations'] });
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help} – ${nodes.map(({ target }) => target.join(' ')).join('; ')}`,
  );
}

describe.each([
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 400 },
])('axe finds nothing, $theme at $width px', ({ theme, width }) => {
  test.each(Object.keys(scenes))('in the state %s', async (name) => {
    await page.viewport(width, 860);
    localStorage.setItem('wavlm-playground.theme', theme);
    expect(await violationsOf(name)).toEqual([]);
  });
});

test('no view is wider than a 400 px screen', async () => {
  await page.viewport(400, 860);
  for (const name of Object.keys(scenes)) {
    shown = await showScene(name);
    await settle();
    expect([name, document.documentElement.scrollWidth]).toEqual([name, 400]);
    shown.close();
  }
});
