import { expect, test } from 'vitest';
import reference from '../../fixtures/training/reference.json' with { type: 'json' };
import { fitStandardiser, standardise } from '../../../src/training/standardise.ts';
import { blobs } from './blobs.ts';

test('mean, deviation and standardised features are scikit-learn’s; a constant feature becomes 0', () => {
  const { x, mean, deviation, standardised } = reference.standardiser;
  const examples = {
    ...blobs(20, 2, { kind: 'vector', size: 4 }),
    features: Float32Array.from(x),
  };
  const all = Int32Array.from({ length: 20 }, (_, i) => i);
  const fitted = fitStandardiser(examples, all);
  fitted.mean.forEach((value, i) => expect(value).toBeCloseTo(mean[i]!, 4));
  fitted.deviation.forEach((value, i) => expect(value).toBeCloseTo(deviation[i]!, 4));
  standardise(examples, fitted).features.forEach((value, i) =>
    expect(value).toBeCloseTo(standardised[i]!, 3),
  );
});

test('only the training part is looked at, all its frames alike', () => {
  const examples = blobs(10, 2, { kind: 'frames', size: 2 });
  const train = Int32Array.from([0, 3, 4]);
  const before = fitStandardiser(examples, train);
  const [from = 0, to = 0] = [examples.frameOffsets![5], examples.frameOffsets![10]];
  const changed = {
    ...examples,
    features: examples.features.map((x, i) => (i >= from * 2 && i < to * 2 ? 99 : x)),
  };
  expect(fitStandardiser(changed, train)).toEqual(before);
  let [sum, rows] = [0, 0];
  for (const index of train)
    for (let row = examples.frameOffsets![index]!; row < examples.frameOffsets![index + 1]!; row += 1) {
      sum += examples.features[row * 2]!;
      rows += 1;
    }
  expect(before.mean[0]).toBeCloseTo(sum / rows, 5);
});
