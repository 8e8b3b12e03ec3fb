import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { chirp, wavBytes, writeAudioFolder } from './audio-folder.ts';
import { openBuiltPage } from './built-page.ts';
import { pickFolder } from './app-session.ts';

/** Trains on a small folder and opens the page where the head is asked. */
async function openUsePage(page: Page): Promise<string> {
  await page.waitForFunction(() => 'playground' in window);
  const dataset = await pickFolder(page, await writeAudioFolder(24));
  const run = await page.evaluate(async (of) => {
    const { playground } = window;
    const encoder = await playground.loadEncoder('wavlm-nano');
    const extraction = await playground.extract({ dataset: of, encoder: encoder.id });
    await playground.finished(extraction);
    const id = await playground.train({ extraction, epochs: 1, split: 'stratified' });
    await playground.runFinished(id);
    location.hash = `#/runs/${id}/use`;
    return id;
  }, dataset);
  return run;
}

test('what is spoken into the microphone is encoded and judged, and the microphone is let go', async () => {
  const spoken = join(mkdtempSync(join(tmpdir(), 'spoken-')), 'spoken.wav');
  writeFileSync(spoken, wavBytes(chirp(5, 48_000), 48_000));
  const app = await openBuiltPage('?device=wasm', [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${spoken}`,
  ]);
  const { page } = app;
  try {
    await openUsePage(page);
    await page.getByRole('button', { name: 'Record from the microphone' }).click();
    await page.getByText('recording…').waitFor();
    const heldMs = 1500;
    await page.waitForTimeout(heldMs);
    await page.getByRole('button', { name: 'Stop and ask' }).click();
    await page.getByText(/recording: class\d, [\d.]+\s%/).waitFor();
    await page.getByText('What was asked about').waitFor();
    const wave = page.locator('attention-wave');
    const heard = await wave.evaluate((element) => {
      const { samples, sampleRate } = element as unknown as { samples: Float32Array; sampleRate: number };
      return { seconds: samples.length / sampleRate, peak: Math.max(...samples.map(Math.abs)) };
    });
    expect(heard.seconds).toBeGreaterThan(0.5);
    // The capture is what is in the file, and not silence.
    expect(heard.peak).toBeGreaterThan(0.1);
    await page.getByRole('button', { name: 'Record from the microphone' }).waitFor();
  } finally {
    await app.close();
  }
});

test('a microphone that may not be used is told in a sentence, and the page can be asked with a file', async () => {
  const app = await openBuiltPage('?device=wasm', ['--use-fake-device-for-media-stream']);
  const { page } = app;
  try {
    await openUsePage(page);
    await page.getByRole('button', { name: 'Record from the microphone' }).click();
    await page.getByText(/The microphone may not be used on this page|No microphone was found/).waitFor();
    await page.getByTestId('use-input').setInputFiles({
      name: 'mine.wav',
      mimeType: 'audio/wav',
      buffer: wavBytes(chirp(3, 16_000), 16_000),
    });
    await page.getByText(/mine\.wav: class\d, [\d.]+\s%/).waitFor();
  } finally {
    await app.close();
  }
});
