// `npx tsx tests/bench/training.ts [wasm|wasm-1|webgpu] [rows] [epochs]`: seconds of an epoch of a linear head and of
// an MLP-512 over 22,326 × 1024 in batches of 64, and of a checkpoint. PyTorch's figures: tools/bench_pytorch.py.
import process from 'node:process';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { browserArguments, findBrowser } from '../../tools/browser.ts';

const [backend = 'wasm', rows = '22326', count = '3'] = process.argv.slice(2);
const server = await createServer({ server: { port: 0 }, logLevel: 'error' });
await server.listen();
const browser = await chromium.launch({ executablePath: await findBrowser(), args: browserArguments });
try {
  const page = await browser.newPage();
  page.on('console', (message) => console.log(message.text()));
  await page.goto(server.resolvedUrls!.local[0]!);
  await page.evaluate(
    (job) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker('/tests/bench/training-worker.ts', { type: 'module' });
        worker.addEventListener('error', (event) => reject(new Error(event.message)));
        worker.addEventListener('message', ({ data }: MessageEvent<string | { error?: string }>) => {
          if (data === 'done') resolve();
          else if (typeof data === 'object' && data.error) reject(new Error(data.error));
          else console.info(JSON.stringify(data));
        });
        worker.postMessage(job);
      }),
    { backend, rows: Number(rows), count: Number(count) },
  );
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
