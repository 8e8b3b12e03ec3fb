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

test('corrections lie over the labels, survive a reload, and are taken back step by step', async () => {
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk);
  const layers = new LabelLayers(() => Promise.resolve(store));
  await layers.load('d');
  expect(layers.apply('d', utterances)).toBe(utterances);
  await layers.add('d', [
    { path: 'a.wav', label: 'glad' },
    { path: 'b.wav', setAside: true },
  ]);
  await layers.add('d', [{ path: 'b.wav', label: 'mad' }]);

  const again = new LabelLayers(async () => openMemoryStore(disk, { takeOver: true }));
  await again.load('d');
  expect(again.apply('d', utterances).map(({ label, isSetAside }) => [label, isSetAside ?? false])).toEqual([
    ['glad', false],
    ['mad', true],
    ['sad', false],
  ]);
  await again.undo('d');
  expect(again.corrections('d').get('b.wav')).toEqual({ label: null, isSetAside: true });
  await again.undo('d');
  await again.undo('d');
  expect(again.apply('d', utterances)).toBe(utterances);
});
