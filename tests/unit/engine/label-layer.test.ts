import { expect, test } from 'vitest';
import { LabelLayers } from '../../../src/engine/label-layer.ts';
import { MemoryDisk, openMemoryStore } from '../../../src/shards/memory.ts';

const utterances = ['a.wav', 'b.wav', 'c.wav'].map((path) => ({
  path,
  sizeBytes: 1,
  durationSec: 1,
  label: 'sad',
  speaker: null,
  split: null,
}));

const original = (): string => 'sad';
const isoTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);

test('corrections lie over the labels, survive a reload, and are taken back step by step', async () => {
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk);
  const layers = new LabelLayers(() => Promise.resolve(store));
  await layers.load('d');
  expect(layers.apply('d', utterances)).toBe(utterances);
  await layers.add(
    'd',
    [
      { path: 'a.wav', label: 'glad' },
      { path: 'b.wav', setAside: true },
    ],
    original,
  );
  await layers.add('d', [{ path: 'b.wav', label: 'mad' }], original);

  const again = new LabelLayers(async () => openMemoryStore(disk, { takeOver: true }));
  await again.load('d');
  expect(again.list('d', original)).toEqual([
    { path: 'a.wav', from: 'sad', label: 'glad', setAside: null, at: isoTime, step: 0 },
    { path: 'b.wav', from: 'sad', label: null, setAside: true, at: isoTime, step: 0 },
    { path: 'b.wav', from: 'sad', label: 'mad', setAside: null, at: isoTime, step: 1 },
  ]);
  expect(again.apply('d', utterances).map(({ label, isSetAside }) => [label, isSetAside ?? false])).toEqual([
    ['glad', false],
    ['mad', true],
    ['sad', false],
  ]);
  await again.undo('d');
  expect(again.list('d', original).map(({ path }) => path)).toEqual(['a.wav', 'b.wav']);
  expect(again.corrections('d').get('b.wav')).toEqual({ label: null, isSetAside: true });
  await again.undo('d');
  await again.undo('d');
  expect(again.apply('d', utterances)).toBe(utterances);
});

test('corrections of the first versions, without label before and time, are listed by what they were made on', async () => {
  const store = await openMemoryStore(new MemoryDisk());
  const steps = [[{ path: 'a.wav', label: 'glad' }], [{ path: 'a.wav', label: 'mad', setAside: false }]];
  await store.append('dataset-d', 'labels', 'labels', {}, new TextEncoder().encode(JSON.stringify(steps)));
  const layers = new LabelLayers(() => Promise.resolve(store));
  await layers.load('d');
  expect(layers.list('d', original)).toEqual([
    { path: 'a.wav', from: 'sad', label: 'glad', setAside: null, at: null, step: 0 },
    { path: 'a.wav', from: 'glad', label: 'mad', setAside: false, at: null, step: 1 },
  ]);
});
