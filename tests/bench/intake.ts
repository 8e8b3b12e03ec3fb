// `npm run bench -- intake`: a nested folder of 20,000 files, given to the page in each way, until it is a
// labelled dataset; and the longest time the page could not answer meanwhile.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchPage } from './bench-page.ts';
import { printFigures, type Figure } from './report.ts';

const FILES = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'intake-'));
for (let i = 0; i < FILES; i += 1) {
  const inner = join(folder, `speaker_${i % 40}`, `session_${i % 5}`, `label_${i % 8}`);
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(inner, `clip_${i}.wav`), 'RIFF');
}

const { page, url, close } = await openBenchPage(['src/dataset/intake.ts', 'src/dataset/build.ts']);
try {
  await page.route('**/bench', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><body style="min-height: 100vh"><input type="file" webkitdirectory>
<script type="module">
import { intake, intakeHandle } from '/src/dataset/intake.ts';
import { buildDataset } from '/src/dataset/build.ts';
import { datasetId } from '/src/dataset/identity.ts';
const measure = async (way, source) => {
  let last = performance.now(), stall = 0;
  const timer = setInterval(() => { const now = performance.now(); stall = Math.max(stall, now - last); last = now; }, 4);
  const start = last;
  const found = await source();
  const walked = performance.now();
  const clips = found.audio.map(({ path, sizeBytes }) => ({ path, sizeBytes }));
  const built = buildDataset({ name: found.name, clips });
  await datasetId(clips);
  const end = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  clearInterval(timer);
  window.directory ??= found.directory;
  window.result = { way, files: built.utterances.length, walkMs: Math.round(walked - start), buildMs: Math.round(end - walked), stallMs: Math.round(stall) };
};
const input = document.querySelector('input');
input.addEventListener('change', () => measure('input', () => intake(input.files)));
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => { event.preventDefault(); measure('drop', () => intake(event.dataTransfer)); });
window.walkAgain = () => measure('handle', () => intakeHandle(window.directory));
window.ready = true;
</script>`,
    }),
  );
  await page.goto(`${url}bench`);
  await page.waitForFunction('window.ready');
  const figures: Figure[] = [];
  const result = async (way: string): Promise<void> => {
    await page.waitForFunction(`window.result?.way === '${way}'`, undefined, { timeout: 120_000 });
    const { files, walkMs, buildMs, stallMs } = await page.evaluate<Record<string, number>>('window.result');
    if (files !== FILES) throw new Error(`${files} files were found instead of ${FILES}.`);
    figures.push(
      {
        what: `${way}: to a labelled dataset`,
        value: ((walkMs ?? 0) + (buildMs ?? 0)) / 1000,
        unit: 's',
        target: { atMost: 5 },
      },
      { what: `${way}: longest wait of the page`, value: stallMs ?? 0, unit: 'ms' },
    );
  };
  const session = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      x: 300,
      y: 300,
      data: { items: [], files: [folder], dragOperationsMask: 1 },
    });
  await result('drop');
  await page.evaluate('window.walkAgain()');
  await result('handle');
  const start = performance.now();
  await page.setInputFiles('input', folder);
  await result('input');
  figures.push({
    what: "input, with the browser's own listing",
    value: (performance.now() - start) / 1000,
    unit: 's',
  });
  printFigures(`${FILES} files in nested folders`, figures);
} finally {
  await close();
  rmSync(folder, { recursive: true });
}
