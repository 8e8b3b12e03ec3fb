import { expect, test } from 'vitest';
import { shortageOf } from '../../../src/shards/storage-estimate.ts';

const estimate = { usedBytes: 0, freeBytes: 10e9, isPersisted: false };

test('what fits with a reserve left over needs no warning', () => {
  expect(shortageOf(9e9, estimate)).toBeNull();
});

test('what does not fit is said in a sentence with both figures', () => {
  expect(shortageOf(12e9, estimate)).toMatch(/needs about 12\.0 GB.*offers 9\.5 GB/);
  expect(shortageOf(9.9e9, estimate)).not.toBeNull();
});
