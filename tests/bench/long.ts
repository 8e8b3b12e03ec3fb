// `npm run bench -- long [hours=2] [rate=16000]`: a recording of hours, written piece by piece to a file: decoded window
// by window in Node as the app's workers do, then extracted by the built app on wasm with a small reference
// checkpoint; × real time and the highest memory of each.
import { closeSync, mkdtempSync, openAsBlob, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryUsage } from 'node:process';
import { fileURLToPath } from 'node:url';
import { prepareWindows } from '../../src/audio/prepare.ts';
import { Rng } from '../../src/lib/rng.ts';
import type {} from '../../src/playground.ts';
import { wavFile } from '../unit/audio/wav-bytes.ts';
import { browserMemory } from './process-memory.ts';
import { givenOptions, numberOption, printFigures } from './report.ts';

const options = givenOptions();
const rate = numberOption(options, 'rate', 16_000);
const durationSec = 3600 * numberOption(options, 'hours', 2);
const SAMPLED_MS = 100;

const folder = mkdtempSync(join(tmpdir(), 'long-'));

/** Syllables of a buzzing voice in noise, 16 bits. */
function writeRecording(path: string, seconds: number): void {
  const file = openSync(path, 'w');
  const dataBytes = seconds * rate * 2;
  writeSync(
    file,
    wavFile(new Uint8Array(0), { sampleRate: rate, bits: 16, declaredBytes: dataBytes }),
    0,
    44,
  );
  const random = Rng.fromSeed(1, 'recording');
  const second = new Int16Array(rate);
  for (let t = 0; t < seconds; t += 1) {
    const pitchHz = 90 + 60 * random.nextFloat();
    for (let i = 0; i < rate; i += 1) {
      const loudness = Math.max(0, Math.sin((2 * Math.PI * 4 * i) / rate));
      const phase = (i * pitchHz) / rate;
      second[i] = 8000 * loudness * (2 * (phase % 1) - 1) + 400 * (random.nextFloat() - 0.5);
    }
    writeSync(file, second);
  }
  closeSync(file);
}

async function decode(path: string): Promise<void> {
  const file = await openAsBlob(path);
  const before = memoryUsage().rss;
  let highest = before;
  const start = performance.now();
  const windows = prepareWindows({
    file,
    path,
    versions: [0],
    augmentations: { versions: 0, seed: 1 },
    maxClipSec: 30,
    longClips: 'window',
  });
  let count = 0;
  for (let next = await windows.next(); next.done !== true; next = await windows.next()) {
    count += 1;
    highest = Math.max(highest, memoryUsage().rss);
  }
  printFigures(`decoded in Node: ${(statSync(path).size / 1e6).toFixed(0)} MB, ${count} windows`, [
    {
      what: 'decode and resample, one thread',
      value: (durationSec * 1000) / (performance.now() - start),
      unit: '× real time',
    },
    {
      what: 'highest memory',
      value: highest / 1e6,
      unit: 'MB',
      note: `resident; ${(before / 1e6).toFixed(0)} before; all samples would be ${((durationSec * 16_000 * 4) / 1e6).toFixed(0)}`,
    },
  ]);
}

async function extract(): Promise<void> {
  // Only now: what it brings along would count as memory of the decoding.
  const { build } = await import('vite');
  const { serveBuild } = await import('../e2e/built-page.ts');
  const { openProfile } = await import('./bench-page.ts');
  await build({ logLevel: 'error' });
  const { url, server } = await serveBuild();
  const { page, profile, close } = await openProfile();
  try {
    await page.goto(`${url}?device=wasm`);
    await page.waitForFunction(() => 'playground' in window);
    await page.evaluate(() =>
      document.body.insertAdjacentHTML('beforeend', '<input id="checkpoint" type="file" multiple>'),
    );
    const checkpoint = fileURLToPath(new URL('../fixtures/golden/wavlm-base/', import.meta.url));
    await page.setInputFiles(
      '#checkpoint',
      ['config.json', 'preprocessor_config.json', 'model.safetensors'].map((name) => checkpoint + name),
    );
    await page.getByTestId('folder-input').setInputFiles(folder);
    const id = await page.evaluate(async () => {
      const { playground } = window;
      const { files } = document.querySelector<HTMLInputElement>('#checkpoint')!;
      const encoder = await playground.loadEncoder([...files!]);
      let datasets = await playground.datasets();
      for (; (datasets[0]?.hours ?? 0) === 0; datasets = await playground.datasets())
        await new Promise((resolve) => setTimeout(resolve, 50));
      await playground.useDevice('wasm');
      return [datasets[0]!.id, encoder.id] as const;
    });
    const before = browserMemory(profile);
    let highest = 0;
    const timer = setInterval(() => {
      highest = Math.max(highest, browserMemory(profile)?.rendererBytes ?? 0);
    }, SAMPLED_MS);
    const start = performance.now();
    const job = await page.evaluate(async ([dataset, encoder]) => {
      const { playground } = window;
      const extraction = await playground.extract({ dataset, encoder, pooling: 'mean+std', layers: 'all' });
      return playground.finished(extraction);
    }, id);
    const wallMs = performance.now() - start;
    clearInterval(timer);
    if (job.done !== 1) throw new Error(job.failures[0]?.reason ?? job.notice ?? job.state);
    printFigures(
      `extracted by the built app on wasm: ${(durationSec / 60).toFixed(0)} minutes, ${job.encoder.name}`,
      [
        { what: 'the whole extraction', value: (durationSec * 1000) / wallMs, unit: '× real time' },
        {
          what: "highest memory of the page's process",
          value: highest / 1e6,
          unit: 'MB',
          note: `resident; ${((before?.rendererBytes ?? 0) / 1e6).toFixed(0)} before`,
        },
      ],
    );
  } finally {
    await close();
    await server.close();
  }
}

try {
  const path = join(folder, 'recording.wav');
  writeRecording(path, durationSec);
  await decode(path);
  await extract();
} finally {
  rmSync(folder, { recursive: true });
}
