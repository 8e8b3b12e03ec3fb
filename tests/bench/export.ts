// `npm run bench -- export [gb=3]`: an extraction of that size in the record store of a real browser, merged into one
// file as `exportEmbeddings` does; the rate, and the highest memory of the page's process while it goes on.
import { openBenchPage } from './bench-page.ts';
import type { ExportFigures, ExportRequest } from './export-worker.ts';
import { browserMemory } from './process-memory.ts';
import { givenOptions, numberOption, printFigures, type Figure } from './report.ts';

const SHARD_BYTES = 100 * 13 * 768 * 4;
const SAMPLED_MS = 100;

const sizeGb = numberOption(givenOptions(), 'gb', 3);
const { page, url, profile, close } = await openBenchPage(['tests/bench/export-worker.ts']);

/** Each request in a page and a worker of its own, so that what one leaves in memory is not the next one's. */
async function ask(request: ExportRequest): Promise<ExportFigures> {
  await page.goto(`${url}tests/bench/blank.html`);
  return page.evaluate(
    (wanted) =>
      new Promise<ExportFigures>((resolve, reject) => {
        const worker = new Worker('/tests/bench/export-worker.ts', { type: 'module' });
        worker.addEventListener('error', (event) => reject(new Error(event.message)));
        worker.addEventListener('message', ({ data }: MessageEvent<ExportFigures>) => {
          worker.terminate();
          resolve(data);
        });
        worker.postMessage(wanted);
      }),
    request,
  );
}

try {
  const filled = await ask({ kind: 'fill', shards: Math.ceil((sizeGb * 1e9) / SHARD_BYTES) });
  await page.goto('about:blank');
  await page.goto(`${url}tests/bench/blank.html`);
  const before = browserMemory(profile);
  let [renderer, browser] = [0, 0];
  const timer = setInterval(() => {
    const now = browserMemory(profile);
    renderer = Math.max(renderer, now?.rendererBytes ?? 0);
    browser = Math.max(browser, now?.browserBytes ?? 0);
  }, SAMPLED_MS);
  const merged = await ask({ kind: 'merge' });
  clearInterval(timer);
  const figures: Figure[] = [
    { what: 'committed', value: filled.sizeBytes / 1e6 / filled.seconds, unit: 'MB/s' },
    { what: 'merged', value: merged.sizeBytes / 1e6 / merged.seconds, unit: 'MB/s' },
  ];
  if (before)
    figures.push(
      {
        what: "highest memory of the page's process",
        value: renderer / 1e6,
        unit: 'MB',
        target: { atMost: 300 },
        note: `resident; ${(before.rendererBytes / 1e6).toFixed(0)} before`,
      },
      {
        what: "highest memory of the browser's process",
        value: browser / 1e6,
        unit: 'MB',
        note: `resident; ${(before.browserBytes / 1e6).toFixed(0)} before`,
      },
    );
  printFigures(
    `export of ${(merged.sizeBytes / 1e9).toFixed(2)} GB, ${merged.examples} examples × 13 × 768`,
    figures,
  );
} finally {
  await close();
}
