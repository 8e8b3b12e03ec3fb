// `npm run bench:peer`: the same base-width weights, clip and threads in onnxruntime-web and in this encoder, in the
// same headless browser, in turns. Weights and graph are made once by export.py into build/peer/.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import type { PeerResult } from '../../tests/bench/peer-worker.ts';
import { browserArguments, findBrowser } from '../browser.ts';

const root = new URL('../..', import.meta.url).pathname;
process.chdir(root);

if (!existsSync('build/peer/model.onnx')) {
  const python = process.env['PYTHON'] ?? 'python3';
  try {
    execFileSync(python, ['tools/peer/export.py', 'build/peer'], { stdio: 'inherit' });
  } catch {
    console.error(
      'The peer is exported by Python with numpy and onnx: python3 -m venv .venv && .venv/bin/pip install numpy onnx, ' +
        'then PYTHON=.venv/bin/python npm run bench:peer',
    );
    process.exit(1);
  }
}

const server = await createServer({
  root,
  server: { port: 0, hmr: false },
  optimizeDeps: {
    entries: ['tests/bench/peer-worker.ts'],
    include: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-webgpu'],
    exclude: ['onnxruntime-web'],
  },
  logLevel: 'error',
});
await server.listen();
const address = server.resolvedUrls?.local[0];
const browser = await chromium.launch({ executablePath: await findBrowser(), args: browserArguments });
try {
  const page = await browser.newPage();
  page.on('console', (message) => console.error(message.text()));
  const query = process.argv.slice(2).join('&');
  await page.goto(`${address}tests/bench/peer.html?${query}`);
  const result = await page.evaluate<PeerResult>('globalThis.result');
  const [ours, theirs] = [median(result.oursMs), median(result.theirsMs)];
  const [ourBest, theirBest] = [Math.min(...result.oursMs), Math.min(...result.theirsMs)];
  const line = (name: string, ms: number, all: readonly number[]): string =>
    `${name.padEnd(18)} ${ms.toFixed(0).padStart(6)} ms  ${((result.seconds * 1000) / ms).toFixed(1)} × real time  (${all.map((value) => value.toFixed(0)).join(' ')})`;
  console.log(`WavLM base, ${result.seconds} s clip, ${result.threads} threads. ${result.explanation}`);
  console.log(line('onnxruntime-web', theirs, result.theirsMs));
  console.log(line('this encoder', ours, result.oursMs));
  console.log(
    `ours / theirs ${(ours / theirs).toFixed(3)} by median, ${(ourBest / theirBest).toFixed(3)} by best (goal ≤ 1.1); outputs differ by ${result.difference.toExponential(1)}`,
  );
} finally {
  await browser.close();
  await server.close();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
