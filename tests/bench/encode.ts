// `npx tsx tests/bench/encode.ts [key=value …]`: × real time of the encoder on each device. Without arguments nano and
// base width on wasm, and both on webgpu where the adapter is hardware (else nano alone, on a short clip). With
// arguments one run, for example `backend=wasm encoder=large seconds=16 batch=1 rounds=50`.
import process from 'node:process';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { browserArguments, findBrowser } from '../../tools/browser.ts';
import type { EncodeFigures, EncodeRequest } from './encode-worker.ts';

const server = await createServer({
  server: { port: 0, hmr: false },
  optimizeDeps: {
    entries: ['tests/bench/encode-worker.ts'],
    include: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-webgpu'],
  },
  logLevel: 'error',
});
await server.listen();
const browser = await chromium.launch({ executablePath: await findBrowser(), args: browserArguments });
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error));
  await page.goto(`${server.resolvedUrls?.local[0] ?? ''}tests/bench/encode.html`);
  await page.waitForFunction('globalThis.encode');
  const measure = async (request: EncodeRequest): Promise<void> => {
    const figures = await page.evaluate<EncodeFigures>(`globalThis.encode(${JSON.stringify(request)})`);
    const sorted = [...figures.batchMs].sort((a, b) => a - b);
    const audioMs = request.seconds * request.batch * 1000;
    const speed = (ms: number | undefined): string =>
      `${(audioMs / (ms ?? Number.NaN)).toFixed(1)} × real time`;
    console.log(
      `${request.encoder} on ${request.backend}${request.plain ? ' (plain operations)' : ''}, ${request.batch} × ${request.seconds} s: ` +
        `median ${speed(sorted[Math.floor(sorted.length / 2)])}, best ${speed(sorted[0])}; weights ${figures.loadMs.toFixed(0)} ms; ` +
        `tensors ${figures.tensors.join(' → ')}, ${figures.bytes.map((bytes) => (bytes / 1e6).toFixed(1)).join(' → ')} MB, ` +
        `pool ${(figures.pooledBytes / 1e6).toFixed(0)} MB. ${figures.device}`,
    );
  };
  const given = new Map(
    process.argv.slice(2).map((pair): [string, string] => {
      const [key = '', value = ''] = pair.split('=');
      return [key, value];
    }),
  );
  if (given.size > 0)
    await measure({
      backend: given.get('backend') === 'webgpu' ? 'webgpu' : 'wasm',
      encoder: encoderName(given.get('encoder')),
      seconds: Number(given.get('seconds') ?? 5),
      batch: Number(given.get('batch') ?? 1),
      rounds: Number(given.get('rounds') ?? 5),
      plain: given.get('plain') === 'true',
    });
  else {
    await measure({ backend: 'wasm', encoder: 'nano', seconds: 5, batch: 4, rounds: 9 });
    await measure({ backend: 'wasm', encoder: 'base', seconds: 5, batch: 1, rounds: 7 });
    const isHardware = await page.evaluate<boolean>(
      `navigator.gpu?.requestAdapter().then((adapter) => adapter !== null && !adapter.info.isFallbackAdapter && !/swiftshader/i.test(adapter.info.architecture + adapter.info.description)) ?? false`,
    );
    if (isHardware) {
      await measure({ backend: 'webgpu', encoder: 'nano', seconds: 5, batch: 16, rounds: 9 });
      await measure({ backend: 'webgpu', encoder: 'base', seconds: 5, batch: 8, rounds: 9 });
    } else await measure({ backend: 'webgpu', encoder: 'nano', seconds: 1, batch: 2, rounds: 3 });
  }
} finally {
  await browser.close();
  await server.close();
}

function encoderName(text: string | undefined): EncodeRequest['encoder'] {
  return text === 'base' || text === 'large' ? text : 'nano';
}
