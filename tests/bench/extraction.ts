// `npm run bench -- extraction [clips=360] [base=100] [nanoGpu=6] [baseGpu=1] [encoders=nano,base] [backends=wasm,webgpu]`: the built app extracts copies of the
// demo's clips (at 44.1 kHz) in shards of 100, with wavlm-nano and with base width (seeded weights, loaded as files), on wasm and on
// webgpu: × real time of each stage, and the share of the time that commits take. On a software adapter only so many
// clips as `nanoGpu` and `baseGpu` say.
import { build } from 'vite';
import type { DeviceStatus, JobStatus } from '../../src/engine/protocol.ts';
import type {} from '../../src/playground.ts';
import { serveBuild } from '../e2e/built-page.ts';
import { hasHardwareAdapter, openProfile } from './bench-page.ts';
import { givenOptions, numberOption, printFigures, type Figure } from './report.ts';
import { baseConfig, serveSeededBase } from './seeded-safetensors.ts';

interface Extraction {
  readonly encoder: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly clips: number;
  readonly warmUpClips: number;
}

interface Outcome {
  readonly job: JobStatus;
  readonly device: DeviceStatus;
  readonly wallMs: number;
}

const options = givenOptions();
const clips = numberOption(options, 'clips', 360);
const baseClips = numberOption(options, 'base', 100);
const encoders = (options.get('encoders') ?? 'nano,base').split(',');
const backends = (options.get('backends') ?? 'wasm,webgpu').split(',');

await build({ logLevel: 'error' });
const { url, server } = await serveBuild([serveSeededBase()]);
const { page, close } = await openProfile();

/** Loads the encoder; gives its id and how long that took. */
async function loadEncoder(name: 'nano' | 'base'): Promise<{ id: string; ms: number }> {
  return page.evaluate(
    async ([wanted, config]) => {
      const { playground } = window;
      if (wanted === 'nano') {
        const start = performance.now();
        const { id } = await playground.loadEncoder('wavlm-nano');
        return { id, ms: performance.now() - start };
      }
      const weights = await (await fetch('seeded-base/model.safetensors')).blob();
      const files = [
        new File([JSON.stringify(config)], 'config.json'),
        new File([JSON.stringify({ do_normalize: false })], 'preprocessor_config.json'),
        new File([weights], 'model.safetensors'),
      ];
      const start = performance.now();
      const { id } = await playground.loadEncoder(files);
      return { id, ms: performance.now() - start };
    },
    [name, baseConfig] as const,
  );
}

/** Runs one extraction from its start to its last commit, then takes it out again. */
async function extract(encoder: string, count: number): Promise<Outcome> {
  return page.evaluate(
    async ([encoderId, wanted]) => {
      const { playground } = window;
      const index = (await (await fetch('demo/index.json')).json()) as {
        clips: { path: string; sizeBytes: number }[];
      };
      const pack = await (await fetch('demo/clips.bin')).arrayBuffer();
      const files: File[] = [];
      for (let copy = 0; files.length < wanted; copy += 1) {
        let offset = 0;
        for (const { path, sizeBytes } of index.clips.slice(0, wanted - files.length)) {
          const source = new DataView(pack, offset, sizeBytes);
          offset += sizeBytes;
          // At 44.1 kHz by straight lines between the samples, so that there is something to resample.
          const last = (sizeBytes - 44) / 2 - 1;
          const count = Math.floor((last * 44_100) / source.getUint32(24, true));
          const wav = new DataView(new ArrayBuffer(44 + count * 2));
          for (let i = 0; i < 44; i += 1) wav.setUint8(i, source.getUint8(i));
          wav.setUint32(4, 36 + count * 2, true);
          wav.setUint32(24, 44_100, true);
          wav.setUint32(28, 88_200, true);
          wav.setUint32(40, count * 2, true);
          for (let i = 0; i < count; i += 1) {
            const at = (i * last) / count;
            const from = source.getInt16(44 + 2 * Math.floor(at), true);
            const to = source.getInt16(46 + 2 * Math.floor(at), true);
            wav.setInt16(44 + i * 2, from + (to - from) * (at % 1), true);
          }
          files.push(new File([wav.buffer], `${copy}-${path.replace('/', '-')}`, { lastModified: 0 }));
        }
      }
      const dataset = await playground.openDataset(files, { name: `${wanted} clips` });
      const start = performance.now();
      const id = await playground.extract({
        dataset: dataset.id,
        encoder: encoderId,
        pooling: 'mean+std',
        shardSize: 100,
      });
      const job = await playground.finished(id);
      const wallMs = performance.now() - start;
      await playground.remove(id);
      return { job, wallMs, device: await playground.device() };
    },
    [encoder, count] as const,
  );
}

async function measure(extraction: Extraction, id: string): Promise<void> {
  await page.evaluate((backend) => window.playground.useDevice(backend), extraction.backend);
  if (extraction.warmUpClips > 0) await extract(id, extraction.warmUpClips);
  const { job, device, wallMs } = await extract(id, extraction.clips);
  if (job.state !== 'finished' || job.done !== extraction.clips)
    throw new Error(`${job.done} of ${extraction.clips} clips were embedded: ${job.notice ?? job.state}.`);
  if (device.backend !== extraction.backend) throw new Error(device.explanation);
  const { timings } = job;
  const note = extraction.backend === 'webgpu' && device.isSoftware ? 'software adapter' : '';
  const speed = (what: string, ms: number, remark = note): Figure => ({
    what,
    value: (timings.audioSec * 1000) / ms,
    unit: '× real time',
    note: remark,
  });
  const shards = job.shards.length;
  printFigures(
    `${extraction.encoder} on ${extraction.backend}: ${job.done} clips, ${timings.audioSec.toFixed(1)} s of audio, ${shards} shard${shards > 1 ? 's' : ''}`,
    [
      speed('decode', timings.decodeMs, 'of one thread'),
      speed('resample', timings.resampleMs, 'of one thread'),
      speed('encode, moments over frames with it', timings.encodeMs),
      speed('pool (windows of a clip joined)', timings.poolMs),
      speed('commit', timings.commitMs),
      speed('the whole extraction', wallMs),
      { what: 'waited for clips', value: (100 * timings.waitMs) / wallMs, unit: '% of the time' },
      {
        what: `commits, ${timings.commitMs.toFixed(1)} ms in all`,
        value: (100 * timings.commitMs) / wallMs,
        unit: '% of the time',
        note: 'mostly beside the encoder',
      },
      {
        what: `the encoder held up by them, ${timings.commitWaitMs.toFixed(1)} ms in all`,
        value: (100 * timings.commitWaitMs) / wallMs,
        unit: '% of the time',
        // Fewer clips than a shard holds say nothing of that overhead.
        ...(extraction.clips >= 100 ? { target: { atMost: 1 } } : {}),
      },
    ],
  );
}

try {
  await page.goto(`${url}?device=wasm`);
  await page.waitForFunction(() => 'playground' in window);
  const isHardware = await hasHardwareAdapter(page);
  const gpuClips = (name: string, fallback: number, full: number): number =>
    isHardware ? full : numberOption(options, name, fallback);
  const plans = [
    ['nano', clips, gpuClips('nanoGpu', 6, clips)],
    ['base', baseClips, gpuClips('baseGpu', 1, baseClips)],
  ] as const;
  for (const [name, onWasm, onGpu] of plans) {
    if (!encoders.includes(name)) continue;
    const { id, ms } = await loadEncoder(name);
    printFigures(`${name}: weights`, [{ what: 'read, checked, put on wasm', value: ms / 1000, unit: 's' }]);
    if (backends.includes('wasm'))
      await measure({ encoder: name, backend: 'wasm', clips: onWasm, warmUpClips: 2 }, id);
    const warmUpClips = isHardware || name === 'nano' ? 2 : 0;
    if (backends.includes('webgpu'))
      await measure({ encoder: name, backend: 'webgpu', clips: onGpu, warmUpClips }, id);
    await page.evaluate(() => window.playground.useDevice('wasm'));
  }
} finally {
  await close();
  await server.close();
}
