/** The page of `audio.ts`: each benchmark gives its figures. */
import { augment, drawAugmentation } from '../../src/audio/augment.ts';
import type { AugmentationSettings } from '../../src/audio/augmentation.ts';
import { decodeAudio } from '../../src/audio/decode.ts';
import { DecodePool } from '../../src/audio/pool.ts';
import { resample } from '../../src/audio/resample.ts';
import { Rng } from '../../src/lib/rng.ts';
import { median } from './median.ts';
import type { Figure } from './report.ts';

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
async function medianMs(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times.slice(1));
}

async function stages(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = (what: string, durationSec: number, ms: number): number =>
    figures.push({ what, value: (durationSec * 1000) / ms, unit: '× real time' });
  for (const rate of sampleRates) {
    const signal = noise(rate * 30);
    add(`resample ${rate} → 16000 Hz`, 30, await medianMs(() => resample(signal, rate, 16000)));
  }
  const signal = noise(16000 * 10);
  for (const [name, range] of Object.entries(augmentations)) {
    const draw = drawAugmentation({ versions: 1, seed: 1, ...range }, 'a', 1);
    add(`augment ${name}`, 10, await medianMs(() => augment(signal, 16000, draw, Rng.fromSeed(1))));
  }
  for (const name of codecs) {
    const file = await (await fetch(fixtureUrls[`../fixtures/audio/${name}`]!)).blob();
    let durationSec = 0;
    const ms = await medianMs(async () => {
      ({ durationSec } = await decodeAudio(file, { path: name }));
    });
    add(`decode ${name}`, durationSec, ms);
  }
  return figures;
}

async function probe(): Promise<Figure[]> {
  const pool = new DecodePool();
  const all = files();
  const start = performance.now();
  const results = await pool.probe(all);
  const sec = (performance.now() - start) / 1000;
  pool.dispose();
  const rejects = results.filter((result) => 'errorName' in result);
  return [{ what: `probe ${all.length} files, ${rejects.length} set aside`, value: sec, unit: 's' }];
}

async function long(): Promise<Figure[]> {
  const pool = new DecodePool({ workers: 1 });
  const [only] = files();
  if (only === undefined) throw new Error('There is no long file.');
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
  const name = `${(totalSec / 60).toFixed(0)} min in one file`;
  return [
    { what: `${name}: ${windows} windows`, value: totalSec / sec, unit: '× real time' },
    { what: `${name}: page and workers at most`, value: peak / 1e6, unit: 'MB' },
    { what: `${name}: cropped`, value: cropSec, unit: 's' },
  ];
}

/** Page and workers together. */
async function memoryBytes(): Promise<number> {
  return (await performance.measureUserAgentSpecificMemory?.())?.bytes ?? 0;
}

async function folder(): Promise<Figure[]> {
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
  const speed = (what: string, ms: number): Figure => ({
    what,
    value: (totals.sec * 1000) / ms,
    unit: '× real time',
  });
  const failed = [...failures].map(([name, count]) => `${count} × ${name}`).join(', ');
  return [
    {
      what: `${all.length} files probed, ${all.length - usable.length} set aside`,
      value: probeSec,
      unit: 's',
    },
    { ...speed(`${usable.length} clips prepared`, sec * 1000), note: failed },
    { what: 'clips prepared', value: usable.length / sec, unit: 'clips/s' },
    speed('decode, of one thread', totals.decodeMs),
    speed('resample, of one thread', totals.resampleMs),
    speed('cut, of one thread', totals.augmentMs),
  ];
}

Object.assign(window, { ready: true, benches: { stages, probe, long, folder } });
