import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  describeDifference,
  extractionId,
  type ExtractionIdentity,
} from '../../src/experiments/extraction-id.ts';
import { exampleCount, examplePath, utteranceOf, versionOf } from '../../src/experiments/examples.ts';
import { planShards } from '../../src/experiments/shard-plan.ts';
import { canonicalJson } from '../../src/lib/canonical-json.ts';

const identity: ExtractionIdentity = {
  clips: [
    { path: 'a/1.wav', sizeBytes: 100 },
    { path: 'a/2.wav', sizeBytes: 200 },
  ],
  encoderId: 'abc',
  settings: {
    layers: [4],
    pooling: 'mean',
    augmentations: { versions: 0, seed: 1 },
    maxClipSec: 30,
    longClips: 'window',
  },
};
const named = (of: ExtractionIdentity, encoderName = 'nano') => ({ ...of, encoderName });

test('every setting that changes a number changes the id', async () => {
  const id = await extractionId(identity);
  const { settings } = identity;
  const others: ExtractionIdentity[] = [
    { ...identity, encoderId: 'abd' },
    { ...identity, clips: identity.clips.slice(1) },
    { ...identity, clips: [{ path: 'a/1.wav', sizeBytes: 101 }, identity.clips[1]!] },
    { ...identity, settings: { ...settings, layers: [3] } },
    { ...identity, settings: { ...settings, pooling: 'mean+std' } },
    { ...identity, settings: { ...settings, maxClipSec: 20 } },
    { ...identity, settings: { ...settings, longClips: 'crop' } },
    { ...identity, settings: { ...settings, augmentations: { versions: 1, seed: 1 } } },
    { ...identity, settings: { ...settings, augmentations: { versions: 1, seed: 2 } } },
    {
      ...identity,
      settings: { ...settings, augmentations: { versions: 1, seed: 1, gainDb: { min: -3, max: 3 } } },
    },
  ];
  const ids = new Set([id, ...(await Promise.all(others.map(extractionId)))]);
  expect(ids.size).toBe(others.length + 1);
});

test('an augmentation seed without augmented versions changes nothing', async () => {
  const reseeded = {
    ...identity,
    settings: { ...identity.settings, augmentations: { versions: 0, seed: 9, gainDb: { min: 0, max: 1 } } },
  };
  expect(await extractionId(reseeded)).toBe(await extractionId(identity));
  expect(describeDifference(named(identity), named(reseeded))).toEqual([]);
});

test('a difference is told in words', () => {
  const other = {
    ...identity,
    encoderId: 'x',
    clips: identity.clips.slice(1),
    settings: { ...identity.settings, layers: [2, 4] },
  };
  expect(describeDifference(named(identity), named(other, 'wavlm-base'))).toEqual([
    '1 clip of the first missing in the second.',
    'Encoder: nano → wavlm-base.',
    'Layers: 4 → 2, 4.',
  ]);
});

test('canonical JSON does not depend on the order of keys', () => {
  expect(canonicalJson({ b: 1, a: [null, { d: 'x', c: true }], e: null })).toBe(
    '{"a":[null,{"c":true,"d":"x"}],"b":1,"e":null}',
  );
  expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
});

test('examples number utterances and versions both ways', () => {
  const order = { utterances: 5, versions: 2 };
  expect(exampleCount(order)).toBe(15);
  expect(utteranceOf(7, order)).toBe(2);
  expect(versionOf(7, order)).toBe(1);
  expect(examplePath('a.wav', 0)).toBe('a.wav');
  expect(examplePath('a.wav', 2)).toBe('a.wav#aug2');
});

test('a plan covers exactly what is not accounted for, in aligned stretches', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 299 })),
      fc.integer({ min: 1, max: 80 }),
      (total, done, shardSize) => {
        const accounted = new Set(done);
        const plan = planShards(total, accounted, shardSize);
        const planned = plan.flatMap((shard) => shard.sampleIndices);
        const expected = Array.from({ length: total }, (_, i) => i).filter((i) => !accounted.has(i));
        expect(planned).toEqual(expected);
        for (const { sampleIndices } of plan)
          expect(new Set(sampleIndices.map((i) => Math.floor(i / shardSize))).size).toBe(1);
      },
    ),
  );
});
