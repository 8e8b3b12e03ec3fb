/** The page of `audio.ts`: each benchmark gives its figures as text. */
import { augment, drawAugmentation } from '../../src/audio/augment.ts';
import type { AugmentationSettings } from '../../src/audio/augmentation.ts';
import { decodeAudio } from '../../src/audio/decode.ts';
import { DecodePool } from '../../src/audio/pool.ts';
import { resample } from '../../src/audio/resample.ts';
import { Rng } from '../../src/lib/rng.ts';

declare global {
  interface Performance {
    measureUserAgentSpecificMemory?(): Promise<{ bytes: number }>;
  }
}

const fixtureUrls = import.meta.glob<string>('../fixtures/audio/*', {
  query: '?url',
  import: 'default',
  eager: true,
});
const codecs = [
  'mono-16k.flac',
  'mono-44k.mp3',
  'mono-44k.ogg',
  'stereo-48k.opus',
  'mono-44k.m4a',
  'mono-16k.aiff',
];
const sampleRates = [8000, 22050, 44100, 48000, 96000];
const augmentations: Readonly<Record<string, Omit<AugmentationSettings, 'versions' | 'seed'>>> = {
  speed: { speed: { min: 1.1, max: 1.1 } },
  pitch: { pitchSemitones: { min: 3, max: 3 } },
  shift: { shiftMs: { min: 50, max: 50 } },
  gain: { gainDb: { min: 3, max: 3 } },
  noise: { noiseSnrDb: { min: 20, max: 20 } },
};

const input = document.querySelector('input')!;
const files = (): { path: string; file: File }[] =>
  [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath, file }));

function noise(length: number): Float32Array<ArrayBuffer> {
  const rng = Rng.fromSeed(1);
  return Float32Array.from({ length }, () => rng.nextFloat() - 0.5);
}

/** Median of five runs after one to warm up, in ms. */
async function median(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.slice(1).sort((a, b) => a - b)[2]!;
}

async function stages(): Promise<string> {
  const lines: string[] = [];
  for (const rate of sampleRates) {
    const signal = noise(rate * 30);
    const ms = await median(() => resample(signal, rate, 16000));
    lines.push(`resample ${rate} → 16000 Hz: ${(30_000 / ms).toFixed(0)} × real time`);
  }
  const signal = noise(16000 * 10);
  for (const [name, range] of Object.entries(augmentations)) {
    const draw = drawAugmentation({ versions: 1, seed: 1, ...range }, 'a', 1);
    const ms = await median(() => augment(signal, 16000, draw, Rng.fromSeed(1)));
    lines.push(`augment ${name}: ${(10_000 / ms).toFixed(0)} × real time`);
  }
  for (const name of codecs) {
    const file = await (await fetch(fixtureUrls[`../fixtures/audio/${name}`]!)).blob();
    let durationSec = 0;
    const ms = await median(async () => {
      ({ durationSec } = await decodeAudio(file, { path: name }));
    });
    lines.push(`decode ${name}: ${ms.toFixed(1)} ms, ${((durationSec * 1000) / ms).toFixed(0)} × real time`);
  }
  return lines.join('\n');
}

async function probe(): Promise<string> {
  const pool = new DecodePool();
  const all = files();
  const start = performance.now();
  const results = await pool.probe(all);
  const sec = (performance.now() - start) / 1000;
  pool.dispose();
  const rejects = results.filter((result) => 'errorName' in result);
  return `probe: ${all.length} files in ${sec.toFixed(2)} s, ${rejects.length} set aside`;
}

async function long(): Promise<string> {
  const pool = new DecodePool({ workers: 1 });
  const [only] = files();
  if (only === undefined) return 'long: no file';
  const start = performance.now();
  let windows = 0;
  let peak = 0;
  let totalSec = 0;
  const settings = { versions: 0, seed: 1 };
  const request = { ...only, versions: [0], augmentations: settings, maxClipSec: 16 } as const;
  for await (const window of pool.prepareWindows({ ...request, longClips: 'window' })) {
    windows += 1;
    totalSec += window.samples.length / 16000;
    if (windows % 100 === 0) peak = Math.max(peak, await memoryBytes());
  }
  const sec = (performance.now() - start) / 1000;
  const cropStart = performance.now();
  await pool.prepare({ ...request, longClips: 'crop' });
  const cropSec = (performance.now() - cropStart) / 1000;
  pool.dispose();
  return `long file, ${(totalSec / 60).toFixed(0)} min: ${windows} windows in ${sec.toFixed(1)} s (${(totalSec / sec).toFixed(0)} × real time), page and worker ${(peak / 1e6).toFixed(0)} MB at most; cropped in ${cropSec.toFixed(2)} s`;
}

/** Page and workers together. */
async function memoryBytes(): Promise<number> {
  return (await performance.measureUserAgentSpecificMemory?.())?.bytes ?? 0;
}

async function folder(): Promise<string> {
  const pool = new DecodePool();
  const all = files();
  const probeStart = performance.now();
  const headers = await pool.probe(all);
  const probeSec = (performance.now() - probeStart) / 1000;
  const usable = all.filter((_, i) => 'container' in headers[i]!);
  const totals = { sec: 0, decodeMs: 0, resampleMs: 0, augmentMs: 0 };
  const failures = new Map<string, number>();
  const start = performance.now();
  await Promise.all(
    usable.map(async (file) => {
      try {
        const clip = await pool.prepare({
          ...file,
          versions: [0],
          augmentations: { versions: 0, seed: 1 },
          maxClipSec: 16,
          longClips: 'window',
        });
        totals.sec += clip.durationSec;
        totals.decodeMs += clip.timings.decodeMs;
        totals.resampleMs += clip.timings.resampleMs;
        totals.augmentMs += clip.timings.augmentMs;
      } catch (error) {
        const name = error instanceof Error ? error.name : 'unknown';
        failures.set(name, (failures.get(name) ?? 0) + 1);
      }
    }),
  );
  const sec = (performance.now() - start) / 1000;
  pool.dispose();
  const stage = (ms: number) => `${((totals.sec * 1000) / ms).toFixed(0)} ×`;
  return [
    `folder: ${all.length} files probed in ${probeSec.toFixed(2)} s, ${all.length - usable.length} set aside`,
    `prepared ${usable.length} clips, ${(totals.sec / 60).toFixed(1)} min of audio in ${sec.toFixed(1)} s: ${(usable.length / sec).toFixed(0)} clips/s, ${(totals.sec / sec).toFixed(0)} × real time; failures ${JSON.stringify(Object.fromEntries(failures))}`,
    `per thread: decode ${stage(totals.decodeMs)}, resample ${stage(totals.resampleMs)}, cut ${stage(totals.augmentMs)} real time`,
  ].join('\n');
}

Object.assign(window, { ready: true, benches: { stages, probe, long, folder } });
