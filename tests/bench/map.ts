// `npm run bench -- map [points=20000 width=1024]`: how long a map of embeddings takes to make, and how it moves.
import { openBenchPage } from './bench-page.ts';
import type { MapFigures, MapRequest } from './map-page.ts';
import { median } from './median.ts';
import { givenOptions, numberOption, printFigures } from './report.ts';

const options = givenOptions();
const request: MapRequest = {
  points: numberOption(options, 'points', 20_000),
  width: numberOption(options, 'width', 1024),
  classes: numberOption(options, 'classes', 10),
  frames: numberOption(options, 'frames', 120),
};
const { page, url, close } = await openBenchPage([
  'tests/bench/map-page.ts',
  'src/engine/training/map-worker.ts',
]);
try {
  page.setDefaultTimeout(0);
  await page.goto(`${url}tests/bench/map.html`);
  await page.waitForFunction('globalThis.measureMap');
  const { pcaMs, umapMs, dragMs, hoverMs, frameMs } = await page.evaluate<MapFigures>(
    `globalThis.measureMap(${JSON.stringify(request)})`,
  );
  printFigures(`${request.points} points of ${request.width} numbers`, [
    { what: 'principal components', value: pcaMs / 1000, unit: 's' },
    { what: 'UMAP, components included', value: umapMs / 1000, unit: 's' },
    {
      what: 'script a frame while dragged, median',
      value: median(dragMs),
      unit: 'ms',
      target: { atMost: 16 },
    },
    { what: 'script a frame while dragged, worst', value: Math.max(...dragMs), unit: 'ms' },
    {
      what: 'script a frame while pointed at, median',
      value: median(hoverMs),
      unit: 'ms',
      target: { atMost: 16 },
    },
    {
      what: 'frame to frame while dragged, median',
      value: median(frameMs),
      unit: 'ms',
      note: 'software canvas',
    },
  ]);
} finally {
  await close();
}
