import { expect, test } from 'vitest';
import {
  defaultDraft,
  expectedResult,
  problemsOf,
  requestOf,
  settingsDifference,
  settingsInWords,
  settingsOf,
} from '../../src/ui/extraction-draft.ts';
import { basePlus, fakeDataset } from '../ui/fakes/fake-data.ts';

const dataset = fakeDataset(100, { hours: 1 });
const settings = settingsOf(defaultDraft, basePlus);

test('the defaults keep the last layer, averaged, and have no problem', () => {
  expect(settings.layers).toEqual([12]);
  expect(problemsOf(defaultDraft)).toEqual([]);
  expect(settingsInWords(settings)).toBe(
    'layer 12 · mean over time · no augmentation · clips over 30 s in windows',
  );
});

test('expected shapes: rows × numbers, a layer axis for several layers, twice the width with deviations', () => {
  expect(expectedResult(settings, dataset, basePlus)).toEqual({
    examples: 100,
    shape: [100, 768],
    isEstimate: false,
    sizeBytes: 100 * 768 * 4,
  });
  const wide = settingsOf({ ...defaultDraft, layers: 'all', pooling: 'mean+std' }, basePlus);
  expect(expectedResult(wide, dataset, basePlus).shape).toEqual([100, 13, 1536]);
});

test('kept frames are estimated from the hours', () => {
  const frames = settingsOf({ ...defaultDraft, pooling: 'none' }, basePlus);
  expect(expectedResult(frames, dataset, basePlus)).toMatchObject({
    shape: [180_000, 768],
    isEstimate: true,
  });
});

test('changed versions multiply the rows and come with the request', () => {
  const draft = {
    ...defaultDraft,
    augmentations: { versions: 2, seed: 3, gainDb: { min: -6, max: 6 } },
  };
  expect(expectedResult(settingsOf(draft, basePlus), dataset, basePlus).shape).toEqual([300, 768]);
  expect(requestOf(draft, dataset, basePlus).augmentations).toEqual(draft.augmentations);
});

test('versions without a change, an empty choice of layers and a reversed range are refused in words', () => {
  expect(problemsOf({ ...defaultDraft, augmentations: { versions: 1, seed: 1 } })).toHaveLength(1);
  expect(problemsOf({ ...defaultDraft, layers: [] })).toEqual(['Choose at least one layer.']);
  expect(
    problemsOf({
      ...defaultDraft,
      augmentations: { versions: 1, seed: 1, speed: { min: 1.2, max: 0.9 } },
    }),
  ).toEqual(['Speed: the lower end must not be above the upper end.']);
  expect(problemsOf({ ...defaultDraft, shardSize: Number.NaN })).toHaveLength(1);
});

test('the difference names what changed and nothing else', () => {
  expect(settingsDifference(settings, settings)).toEqual([]);
  expect(settingsDifference(settings, { ...settings, layers: [3, 6], longClips: 'crop' })).toEqual([
    'Layers: layer 12 → layers 3, 6',
    'Long clips: clips over 30 s in windows → first 30 s of each clip',
  ]);
});
