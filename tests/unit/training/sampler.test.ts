import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochLength, epochOrder, everyExampleOnce, validateSampler } from '../../../src/training/sampler.ts';

const labels = Int32Array.from({ length: 300 }, (_, i) => (i < 200 ? 0 : i < 290 ? 1 : 2));
const counts = [200, 90, 10];

test('without settings an epoch is a permutation, its own for every epoch and seed, the same each time', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(1000), (seed, epoch) => {
      const order = epochOrder(everyExampleOnce, labels, 3, seed, epoch);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from(labels, (_, i) => i));
      expect(epochOrder(everyExampleOnce, labels, 3, seed, epoch)).toEqual(order);
      expect(epochOrder(everyExampleOnce, labels, 3, seed, epoch + 1)).not.toEqual(order);
    }),
    { numRuns: 20 },
  );
});

test('a cap takes so many of each class, others in the next epoch', () => {
  const config = { classWeights: null, capPerClass: 20 };
  const first = epochOrder(config, labels, 3, 1, 0);
  expect(first).toHaveLength(epochLength(config, counts));
  const per = [0, 1, 2].map((label) => first.filter((i) => labels[i] === label).length);
  expect(per).toEqual([20, 20, 10]);
  expect(new Set(first).size).toBe(first.length);
  expect(epochOrder(config, labels, 3, 1, 1).sort()).not.toEqual(first.slice().sort());
});

test('weights set how often a class is drawn; weight 0 never', () => {
  const config = { classWeights: [1, 0, 20], capPerClass: null };
  const drawn = [0, 0, 0];
  for (let epoch = 0; epoch < 20; epoch += 1)
    for (const i of epochOrder(config, labels, 3, 5, epoch)) drawn[labels[i]!]! += 1;
  expect(drawn[1]).toBe(0);
  expect(drawn[2]! / drawn[0]!).toBeGreaterThan(0.93);
  expect(drawn[2]! / drawn[0]!).toBeLessThan(1.07);
  expect(epochLength(config, counts)).toBe(300);
});

test('weights that draw nothing, and caps of nothing, are refused', () => {
  expect(() => validateSampler({ classWeights: [0, 0, 0], capPerClass: null }, counts)).toThrow('weight 0');
  expect(() => validateSampler({ classWeights: [1, 2], capPerClass: null }, counts)).toThrow(
    '2 sampling weights',
  );
  expect(() => validateSampler({ classWeights: null, capPerClass: 0 }, counts)).toThrow('cap per class');
});
