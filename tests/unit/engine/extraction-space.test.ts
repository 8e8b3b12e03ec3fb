import { expect, test } from 'vitest';
import type { Utterance } from '../../../src/dataset/utterance.ts';
import { EventHub } from '../../../src/engine/event-hub.ts';
import { ExtractionRegistry } from '../../../src/engine/extraction/extraction-registry.ts';
import { expectedBytes, settingsOf } from '../../../src/engine/extraction/extraction-request.ts';
import type { EncoderStatus, ExtractRequest } from '../../../src/engine/protocol.ts';
import { MemoryDisk, openMemoryStore } from '../../../src/shards/memory.ts';

const CLIPS = 7442;
const DURATION_SEC = 2.5;

const encoder: EncoderStatus = {
  id: 'base',
  name: 'WavLM base',
  modelType: 'wavlm',
  layers: 12,
  hiddenSize: 768,
  parameters: 94_000_000,
  weightsHash: '',
  trained: true,
};

const utterances = Array.from({ length: CLIPS }, (_, i): Utterance => {
  const known = { label: null, speaker: null, split: null };
  return { path: `${i}.wav`, sizeBytes: 80_000, durationSec: DURATION_SEC, ...known };
});

/** The registry on a store in memory, in a browser that says it has so much room. */
async function openRegistry() {
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk);
  const started: string[] = [];
  const browser = { freeBytes: Infinity };
  const registry = new ExtractionRegistry({
    stores: {
      current: store,
      isWritable: true,
      open: () => Promise.resolve(store),
      writer: () => Promise.resolve(store),
    },
    datasets: {
      get: (id) => ({ id, name: 'CREMA-D', utterances }),
      hasFiles: () => false,
      labels: () => new Map(),
      openFile: () => new File([], 'clip.wav'),
      remember: () => Promise.resolve(),
      requireFiles: () => Promise.resolve(),
    },
    encoders: { get: () => ({ status: encoder, source: { kind: 'built-in' } }) },
    runner: { announce: () => undefined, start: (job) => void started.push(job.id) },
    events: new EventHub(),
    freeBytes: () => Promise.resolve(browser.freeBytes),
  });
  return { registry, store, disk, started, browser };
}

const frames: ExtractRequest = { dataset: 'd', encoder: 'base', layers: 'all', pooling: 'none' };

function need(request: ExtractRequest): number {
  const { versions } = request.augmentations ?? { versions: 0 };
  const settings = settingsOf(request, encoder);
  return expectedBytes(settings, encoder.hiddenSize, CLIPS * (1 + versions), CLIPS * DURATION_SEC);
}

test('the estimate is what the numbers take: frames by the second, pooled rows by the clip, and every augmented version', () => {
  // 50 frames a second of 13 layers of 768 numbers of 4 bytes, and names.
  expect(need(frames)).toBe(CLIPS * (DURATION_SEC * 50 * 13 * 768 * 4 + 200));
  expect(need({ ...frames, pooling: 'mean+std', layers: 'last' })).toBe(CLIPS * (2 * 768 * 4 + 200));
  const augmented = { ...frames, augmentations: { versions: 2, seed: 1 } };
  expect(need(augmented)).toBe(3 * need(frames));
});

test('with a byte too little it is refused with both figures and what to do, and nothing is written or started', async () => {
  const { registry, store, disk, started, browser } = await openRegistry();
  const before = disk.usedBytes();
  browser.freeBytes = need(frames) - 1;
  const refusal: unknown = await registry.start(frames).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ name: 'NotEnoughSpaceError' });
  expect((refusal as Error).message).toMatch(
    /expected to need 37\.2 GB, and the browser offers 37\.2 GB\. Free disk space, remove an old extraction/,
  );
  browser.freeBytes = -5;
  await expect(registry.start(frames)).rejects.toThrow('offers 0 bytes');
  expect(started).toEqual([]);
  expect(registry.list()).toEqual([]);
  expect(await store.jobs()).toEqual([]);
  expect(disk.usedBytes()).toBe(before);
});

test('with just enough it starts; and one that is known goes on whatever room is left', async () => {
  const { registry, started, browser } = await openRegistry();
  browser.freeBytes = need(frames);
  const id = await registry.start(frames);
  expect(started).toEqual([id]);
  browser.freeBytes = 0;
  expect(await registry.start(frames)).toBe(id);
  expect(started).toEqual([id, id]);
  // What was advised fits beside it.
  browser.freeBytes = 40e6;
  const pooled = await registry.start({ ...frames, layers: 'last', pooling: 'mean' });
  expect(started).toEqual([id, id, pooled]);
});
