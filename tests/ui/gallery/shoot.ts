// `npx tsx tests/ui/gallery/shoot.ts OUT [scene…]`: pictures of the scenes, light and dark, wide and narrow, to be looked at.
import { mkdirSync } from 'node:fs';
import process from 'node:process';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { browserArguments, findBrowser } from '../../../tools/browser.ts';
import { scenes } from '../fakes/scenes.ts';

const [out = '/tmp/shots', ...wanted] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const names = wanted.length > 0 ? wanted : [...Object.keys(scenes), 'figures'];
const server = await createServer({ server: { port: 0 }, logLevel: 'warn' });
await server.listen();
const url = server.resolvedUrls?.local[0] ?? '';
const browser = await chromium.launch({ executablePath: await findBrowser(), args: browserArguments });
for (const [theme, width] of [
  ['light', 1280],
  ['dark', 1280],
  ['light', 400],
  ['dark', 400],
] as const) {
  if (process.env['ONLY'] && process.env['ONLY'] !== `${theme}-${width}`) continue;
  const page = await browser.newPage({
    viewport: { width, height: 860 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  page.on('pageerror', (error) => console.error(error.message));
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
  for (const name of names) {
    await page.goto('about:blank');
    await page.goto(`${url}tests/ui/gallery/?scene=${name}&theme=${theme}`);
    await page.locator('main h1').waitFor();
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${out}/${name}-${theme}-${width}.png`, fullPage: true });
  }
  await page.close();
}
await browser.close();
await server.close();
