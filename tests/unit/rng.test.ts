import { expect, test } from 'vitest';
import { Rng } from '../../src/lib/rng.ts';

test('a stream restored from its state continues with the same numbers', () => {
  const rng = Rng.fromSeed(7, 'clip', 3);
  for (let i = 0; i < 100; i += 1) rng.nextUint32();
  const restored = Rng.fromState(JSON.parse(JSON.stringify(rng.state)));
  expect(Array.from({ length: 50 }, () => restored.nextFloat())).toEqual(
    Array.from({ length: 50 }, () => rng.nextFloat()),
  );
});

test('neighbouring seeds and words give different streams that fill [0, 1)', () => {
  const first = new Set<number>();
  for (let seed = 0; seed < 100; seed += 1)
    for (let word = 0; word < 10; word += 1) first.add(Rng.fromSeed(seed, word).nextUint32());
  expect(first.size).toBe(1000);
  const rng = Rng.fromSeed(1);
  let sum = 0;
  for (let i = 0; i < 20000; i += 1) sum += rng.nextFloat();
  expect(sum / 20000).toBeCloseTo(0.5, 2);
});

test('nextInt is even over a bound that does not divide 2^32', () => {
  const rng = Rng.fromSeed(11);
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 70000; i += 1) counts[rng.nextInt(7)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10000)).toBeLessThan(500);
});
