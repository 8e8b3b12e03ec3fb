import { expect, test } from 'vitest';
import type { Plugin } from 'vite';
import { writeAudioFolder } from './audio-folder.ts';
import { extract, finished, pickFolder } from './app-session.ts';
import { openBuiltPage } from './built-page.ts';

/** A server that no longer has some files of the build, as after a newer version was put in its place. */
function without(pattern: RegExp): Plugin {
  return {
    name: 'without',
    configurePreviewServer(server) {
      server.middlewares.use((request, response, next) => {
        if (!pattern.test(request.url ?? '')) return next();
        response.statusCode = 404;
        response.end();
      });
    },
  };
}

test('where the engine cannot be loaded the page says so and what to do', async () => {
  const app = await openBuiltPage('', [], [without(/assets\/worker-/)]);
  try {
    await app.page.getByText(/engine.* could not be started.*[Rr]eload/).waitFor();
  } finally {
    await app.close();
  }
});

test('where the drawing of maps cannot be loaded, asking for a map fails with a sentence; the rest goes on', async () => {
  const app = await openBuiltPage('?device=wasm', [], [without(/map-worker/)]);
  const { page } = app;
  try {
    await page.waitForFunction(() => 'playground' in window);
    const dataset = await pickFolder(page, await writeAudioFolder(12));
    const id = await extract(page, dataset);
    await finished(page, id);
    const refusal = await page.evaluate(async (extraction) => {
      try {
        await window.playground.map(extraction, { method: 'pca' });
        return null;
      } catch (error) {
        return error instanceof Error ? { name: error.name, message: error.message } : null;
      }
    }, id);
    expect(refusal?.message).toMatch(/could not be started.*[Rr]eload/);
    expect(refusal?.name).toBe('WorkerStartError');
    expect((await page.evaluate(() => window.playground.jobs())).length).toBe(1);
  } finally {
    await app.close();
  }
});
