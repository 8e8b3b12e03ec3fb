import { readFile } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { probeAudio } from '../../../src/audio/probe.ts';
import { buildDataset } from '../../../src/dataset/build.ts';
import { parseCsv } from '../../../src/dataset/csv.ts';
import { DemoLoadError, openDemo } from '../../../src/dataset/demo.ts';

/** Serves `public/` under `http://app.test/base/`. */
function servePublic(
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) => bytes,
): void {
  vi.stubGlobal('fetch', async (url: URL) => {
    const file = new URL(
      `../../../public/${url.href.slice('http://app.test/base/'.length)}`,
      import.meta.url,
    );
    const bytes = new Uint8Array(await readFile(file));
    return new Response(url.pathname.endsWith('.bin') ? change(bytes) : bytes);
  });
}

afterEach(() => vi.unstubAllGlobals());

test('the demo is at least 96 short recordings of several words and voices, under 2 MB', async () => {
  servePublic();
  const demo = await openDemo('http://app.test/base/index.html');
  const tables = [parseCsv(await demo.tables[0]!.file.text(), 'labels.csv')!];
  const { utterances, scheme, notices } = buildDataset({ name: demo.name, clips: demo.audio, tables });
  expect(utterances.length).toBeGreaterThanOrEqual(96);
  expect(scheme.id).toBe('csv');
  expect(notices).toEqual([]);
  const labels = new Set(utterances.map(({ label }) => label));
  const speakers = new Set(utterances.map(({ speaker }) => speaker));
  expect([labels.size, speakers.size, labels.size * speakers.size]).toEqual([10, 12, utterances.length]);
  expect(demo.audio.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThan(2e6);
  for (const { file, path, sizeBytes } of demo.audio) {
    expect(file.size).toBe(sizeBytes);
    const { sampleRate, durationSec } = await probeAudio(file, path);
    expect(sampleRate, path).toBe(16_000);
    expect(durationSec, path).toBeGreaterThan(0.15);
  }
});

test('a demo that arrives cut off or not at all is a named error', async () => {
  servePublic((bytes) => bytes.subarray(0, bytes.length - 1000));
  await expect(openDemo('http://app.test/base/')).rejects.toThrow(DemoLoadError);
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 404, statusText: 'Not Found' })));
  await expect(openDemo('http://app.test/base/')).rejects.toThrow(/404 Not Found.*Reload/);
});
