import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFolds, createSplit, defaultSplit } from '../../../src/dataset/split.ts';

function dataset(speakers: number, labels: number, each: number) {
  return Array.from({ length: speakers * labels * each }, (_, i) => ({
    label: `label ${i % labels}`,
    speaker: `speaker ${Math.floor(i / (labels * each))}`,
    split: null,
  }));
}

test('a stratified split gives every class its share in each part, and is the same for the same seed', () => {
  const items = dataset(1, 4, 50);
  const method = { kind: 'stratified', validation: 0.2, test: 0.1, seed: 3 } as const;
  const parts = createSplit(items, method);
  for (const [part, share] of [
    [parts.train, 35],
    [parts.validation, 10],
    [parts.test, 5],
  ] as const)
    for (let label = 0; label < 4; label += 1)
      expect(part.filter((index) => items[index]!.label === `label ${label}`)).toHaveLength(share);
  expect(createSplit(items, method)).toEqual(parts);
  expect(createSplit(items, { ...method, seed: 4 })).not.toEqual(parts);
});

test('parts never overlap and hold every labelled utterance, whatever the dataset', () => {
  const item = fc.record({
    label: fc.option(fc.constantFrom('a', 'b', 'c')),
    speaker: fc.constantFrom('x', 'y', 'z', 'w', 'v'),
    split: fc.constant(null),
  });
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 30, maxLength: 80 }),
      fc.constantFrom('stratified', 'speakers'),
      fc.nat(),
      (items, kind, seed) => {
        const labelled = items.filter(({ label }) => label !== null);
        if (labelled.length < 12 || new Set(labelled.map(({ speaker }) => speaker)).size < 3) return;
        const { train, validation, test } = createSplit(items, { kind, validation: 0.2, test: 0.2, seed });
        const all = [...train, ...validation, ...test].sort((a, b) => a - b);
        expect(all).toEqual(items.flatMap(({ label }, i) => (label === null ? [] : [i])));
        if (kind === 'speakers') {
          const speakers = [train, validation, test].map(
            (part) => new Set(part.map((i) => items[i]!.speaker)),
          );
          const together = new Set(speakers.flatMap((part) => [...part]));
          expect(speakers.reduce((sum, part) => sum + part.size, 0)).toBe(together.size);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a split by speakers comes near the shares asked for', () => {
  const items = dataset(20, 3, 10);
  const { train, validation, test } = createSplit(items, {
    kind: 'speakers',
    validation: 0.15,
    test: 0.15,
    seed: 1,
  });
  expect([train.length, validation.length, test.length]).toEqual([420, 90, 90]);
});

test('the default is the CSV’s split, else by speakers, else by classes', () => {
  const items = dataset(4, 2, 2);
  expect(defaultSplit(items, 1).kind).toBe('speakers');
  expect(
    defaultSplit(
      items.map((item) => ({ ...item, speaker: null })),
      1,
    ).kind,
  ).toBe('stratified');
  const marked = items.map((item, i) => ({
    ...item,
    split: i % 2 ? ('train' as const) : ('validation' as const),
  }));
  expect(defaultSplit(marked, 1).kind).toBe('csv');
  expect(createSplit(marked, { kind: 'csv' }).train).toEqual([1, 3, 5, 7, 9, 11, 13, 15]);
});

test('folds test every utterance once, by speakers if asked, one speaker each if asked', () => {
  const items = dataset(6, 2, 5);
  for (const folds of [
    createFolds(items, { kind: 'k-fold', folds: 4, groups: 'none', seed: 2 }),
    createFolds(items, { kind: 'k-fold', folds: 3, groups: 'speaker', seed: 2 }),
    createFolds(items, { kind: 'leave-one-speaker-out' }),
  ]) {
    expect(folds.flatMap(({ test }) => test).sort((a, b) => a - b)).toEqual(items.map((_, i) => i));
    for (const { train, test } of folds) expect(train.length + test.length).toBe(items.length);
  }
  const speakers = createFolds(items, { kind: 'leave-one-speaker-out' });
  expect(speakers.map(({ name }) => name)).toEqual(
    items.map(({ speaker }) => speaker).filter((s, i, a) => a.indexOf(s) === i),
  );
});

test('what cannot be divided is told in a sentence', () => {
  const two = dataset(2, 2, 5);
  const method = { validation: 0.2, test: 0.2, seed: 1 } as const;
  expect(() => createSplit(two, { kind: 'speakers', ...method })).toThrow('too few speakers');
  const anonymous = two.map((item) => ({ ...item, speaker: null }));
  expect(() => createSplit(anonymous, { kind: 'speakers', ...method })).toThrow('could leak');
  expect(() => createSplit(two, { kind: 'csv' })).toThrow('marked “train”');
  expect(() => createFolds(two, { kind: 'k-fold', folds: 3, groups: 'speaker', seed: 1 })).toThrow(
    'use fewer',
  );
  expect(() => createSplit(two, { kind: 'stratified', validation: 0.6, test: 0.6, seed: 1 })).toThrow(
    'below 1',
  );
});
