import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimate, pathThrough } from '../../src/ui/charts/decimate.ts';
import { csvLine } from '../../src/ui/charts/export-figure.ts';
import { mixColors } from '../../src/ui/charts/palette.ts';
import { PointIndex } from '../../src/ui/charts/point-index.ts';
import { logScale, niceTicks, probit, probitScale, scaleFor } from '../../src/ui/charts/scale.ts';

test('ticks are round numbers within their range', () => {
  expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(niceTicks(0.05, 0.34, 4)).toEqual([0.1, 0.2, 0.3]);
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      (min, span) => {
        const ticks = niceTicks(min, min + span, 5);
        expect(ticks.length).toBeLessThan(12);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(min - span * 1e-6);
          expect(tick).toBeLessThanOrEqual(min + span * (1 + 1e-6));
        }
      },
    ),
  );
});

test('a log scale has its powers of ten, a probit scale is symmetric about one half', () => {
  expect(logScale(0.001, 10).ticks).toEqual([0.001, 0.01, 0.1, 1, 10]);
  const det = probitScale(0.01, 0.99);
  expect(det.at(0.5)).toBeCloseTo(0.5, 12);
  expect(det.at(0.1) + det.at(0.9)).toBeCloseTo(1, 12);
});

test('probit meets the table of the normal distribution', () => {
  expect(probit(0.975)).toBeCloseTo(1.959963984540054, 8);
  expect(probit(0.001)).toBeCloseTo(-3.090232306167813, 8);
  expect(probit(0.3)).toBeCloseTo(-0.5244005127080407, 8);
});

test('a scale over nothing, or over one value, still has an extent', () => {
  expect(scaleFor('linear', [], null, 5).at(0.5)).toBeGreaterThan(0);
  expect(Number.isFinite(scaleFor('linear', [3, 3], null, 5).at(3))).toBe(true);
  expect(Number.isFinite(scaleFor('log', [Number.NaN, 0], null, 5).at(0.1))).toBe(true);
});

test('thinning a line keeps its ends and every spike', () => {
  const points = Array.from({ length: 50_000 }, (_, index) => ({
    x: index / 100,
    y: index === 31_415 ? 99 : 0,
  }));
  const kept = decimate(points);
  expect(kept.length).toBeLessThan(2100);
  expect(kept[0]).toEqual(points[0]);
  expect(kept.at(-1)).toEqual(points.at(-1));
  expect(kept.some(({ y }) => y === 99)).toBe(true);
});

test('a value that is not a number lifts the pen', () => {
  expect(
    pathThrough([
      { x: 0, y: 1 },
      { x: 1, y: Number.NaN },
      { x: 2, y: 3 },
    ]),
  ).toBe('M0.0 1.0M2.0 3.0');
});

test('the nearest point is the one that trying all finds', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.float({ min: 0, max: 1, noNaN: true })),
        {
          minLength: 1,
          maxLength: 60,
        },
      ),
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      (points, [x, y]) => {
        const xs = Float32Array.from(points, ([px]) => px);
        const ys = Float32Array.from(points, ([, py]) => py);
        const found = new PointIndex(xs, ys).nearest(x, y, 0.3, () => true);
        const distances = points.map((_, point) => Math.hypot(xs[point]! - x, ys[point]! - y));
        const best = Math.min(...distances);
        if (best < 0.299) expect(distances[found]).toBeCloseTo(best, 9);
        else if (best > 0.301) expect(found).toBe(-1);
      },
    ),
  );
});

test('CSV cells are quoted where they must be and never run as formulas', () => {
  expect(csvLine(['a,b', 'say "x"', '=1+1', 0.5, Number.NaN])).toBe(`"a,b","say ""x""",'=1+1,0.5,`);
});

test('colours mix by share', () => {
  expect(mixColors('#ffffff', '#000000', 0)).toBe('#ffffff');
  expect(mixColors('#ffffff', '#00655c', 1)).toBe('#00655c');
});
