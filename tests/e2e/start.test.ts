import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBuiltPage, type BuiltPage } from './built-page.ts';

let app: BuiltPage;
beforeAll(async () => {
  app = await openBuiltPage();
});
afterAll(() => app.close());

test('the built page opens isolated and shows its name', async () => {
  expect(await app.page.evaluate(() => crossOriginIsolated)).toBe(true);
  await app.page.getByText('WavLM Playground').first().waitFor();
});
