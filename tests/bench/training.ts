// `npm run bench -- training [epochs=5] [rows=256]`: seconds of an epoch of a linear head and of an MLP-512 over
// 22,326 × 1024 in batches of 64, on wasm and webgpu; what a checkpoint after each costs; beside PyTorch's
// (tools/bench_pytorch.py) where `PYTHON` or `python3` has it. On a software adapter `rows` rows, scaled.
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { hasHardwareAdapter, openBenchPage } from './bench-page.ts';
import { givenOptions, numberOption, printFigures, type Figure } from './report.ts';
import type { TrainingFigures, TrainingJob } from './training-worker.ts';

const ROWS = 22_326;

const options = givenOptions();
const epochs = numberOption(options, 'epochs', 5);
const { page, url, close } = await openBenchPage(['tests/bench/training-worker.ts']);

function train(job: TrainingJob): Promise<TrainingFigures[]> {
  return page.evaluate(
    (wanted) =>
      new Promise<TrainingFigures[]>((resolve, reject) => {
        const worker = new Worker('/tests/bench/training-worker.ts', { type: 'module' });
        worker.addEventListener('error', (event) => reject(new Error(event.message)));
        worker.addEventListener('message', ({ data }: MessageEvent<TrainingFigures[]>) => {
          worker.terminate();
          resolve(data);
        });
        worker.postMessage(wanted);
      }),
    job,
  );
}

/** PyTorch's seconds per epoch by head; null where Python has none. */
function pytorch(): Map<string, number> | null {
  const python = process.env['PYTHON'] ?? 'python3';
  const script = fileURLToPath(new URL('../../tools/bench_pytorch.py', import.meta.url));
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  const lines = execFileSync(python, [script, '--epochs', String(epochs)], { encoding: 'utf8' });
  return new Map(
    lines
      .trim()
      .split('\n')
      .map((line): [string, number] => {
        const { head, epochSec } = JSON.parse(line) as { head: string; epochSec: number };
        return [head, epochSec];
      }),
  );
}

try {
  await page.goto(`${url}tests/bench/blank.html`);
  const isHardware = await hasHardwareAdapter(page);
  const gpuRows = isHardware ? ROWS : numberOption(options, 'rows', 256);
  const wasm = await train({ backend: 'wasm', rows: ROWS, epochs });
  const webgpu = await train({ backend: 'webgpu', rows: gpuRows, epochs: isHardware ? epochs : 1 });
  const peer = pytorch();
  const figures: Figure[] = [];
  for (const one of [...wasm, ...webgpu]) {
    const { backend, threads, head, rows, epochSec } = one;
    const seconds = (epochSec * ROWS) / rows;
    const name = `${head} on ${backend}`;
    const theirs = peer?.get(head);
    const notes = [
      backend === 'wasm' ? `${threads} threads` : isHardware ? '' : 'software adapter',
      rows === ROWS ? '' : `from ${rows} rows`,
    ];
    figures.push({
      what: `${name}: an epoch`,
      value: seconds,
      unit: 's',
      note: notes.filter(Boolean).join(', '),
    });
    if (theirs !== undefined)
      figures.push({
        what: `${name}: beside PyTorch's ${theirs.toFixed(3)} s`,
        value: seconds / theirs,
        unit: '×',
        ...(backend === 'wasm' ? { target: { atMost: 1.5 } } : {}),
      });
    const besideSec = one.fastestBesideSec - one.fastestSec;
    const percent = (sec: number): number => (100 * sec) / seconds;
    const ms = (sec: number): string => `${(sec * 1000).toFixed(1)} ms`;
    figures.push({
      what: `${name}: a checkpoint after every epoch`,
      // A GPU in software shares the processor with everything else: what is beside it cannot be told from noise.
      value: percent(one.heldUpSec) + (rows === ROWS ? (100 * Math.max(0, besideSec)) / one.fastestSec : 0),
      unit: '% of an epoch',
      target: { atMost: 2 },
      note: `held up ${ms(one.heldUpSec)}, epoch beside the writing longer by ${ms(besideSec)} (fastest of each); acknowledged after ${ms(one.acknowledgedSec)}; ${(one.checkpointBytes / 1e6).toFixed(2)} MB`,
    });
    figures.push({
      what: `${name}: the same where training waits`,
      value: percent(one.heldUpSec + one.waitedSec),
      unit: '% of an epoch',
      note: `${ms(one.waitedSec)} to encode and commit in its own worker`,
    });
  }
  printFigures(`training on ${ROWS} × 1024, ten classes, batches of 64`, figures);
  if (!peer)
    console.log('  PyTorch is not there to compare with: PYTHON=… names an interpreter that has it.');
} finally {
  await close();
}
