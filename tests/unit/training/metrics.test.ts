import { expect, test } from 'vitest';
import reference from '../../fixtures/training/reference.json' with { type: 'json' };
import { classificationScores, confusionMatrix } from '../../../src/training/metrics/classification.ts';
import { areaUnderRoc, detectionCurve, equalErrorRate } from '../../../src/training/metrics/detection.ts';
import { evaluateLogits, isBetter } from '../../../src/training/metrics/evaluation.ts';

test('confusion, accuracy, UAR, macro-F1 and the report of each class are scikit-learn’s', () => {
  const { truth, predictions, classes, ...expected } = reference.classification;
  const matrix = confusionMatrix(Int32Array.from(truth), Int32Array.from(predictions), classes);
  expect([...matrix.counts]).toEqual(expected.confusion);
  const scores = classificationScores(matrix);
  expect(scores.accuracy).toBeCloseTo(expected.accuracy, 12);
  expect(scores.uar).toBeCloseTo(expected.uar, 12);
  expect(scores.macroF1).toBeCloseTo(expected.macroF1, 12);
  scores.perClass.forEach(({ precision, recall, f1, support }, c) => {
    expect(precision).toBeCloseTo(expected.precision[c]!, 12);
    expect(recall).toBeCloseTo(expected.recall[c]!, 12);
    expect(f1).toBeCloseTo(expected.f1[c]!, 12);
    expect(support).toBe(expected.support[c]);
  });
});

test.each(reference.detection.map((one, i) => [i, one] as const))(
  'ROC, its area and the EER are scikit-learn’s and the definition’s, tied scores included, case %i',
  (_i, { scores, target, falseAccept, trueAccept, thresholds, auc, eer }) => {
    const curve = detectionCurve(scores, target)!;
    expect([...curve.falseAccept]).toEqual(falseAccept);
    curve.falseReject.forEach((rate, i) => expect(1 - rate).toBeCloseTo(trueAccept[i]!, 12));
    expect([...curve.thresholds].slice(1)).toEqual(thresholds.slice(1));
    expect(areaUnderRoc(curve)).toBeCloseTo(auc, 12);
    const found = equalErrorRate(curve);
    expect(found.eer).toBeCloseTo(eer, 9);
    expect(found.targets + found.nonTargets).toBe(scores.length);
    const accepted = scores.filter((score, i) => target[i] === 0 && score >= found.threshold).length;
    const rejected = scores.filter((score, i) => target[i] === 1 && score < found.threshold).length;
    expect(Math.abs(accepted / found.nonTargets - found.eer)).toBeLessThan(0.08);
    expect(Math.abs(rejected / found.targets - found.eer)).toBeLessThan(0.08);
  },
);

test('a perfect detector has an EER of 0, a reversed one of 1, a constant one of a half', () => {
  const rate = (scores: number[]): number => equalErrorRate(detectionCurve(scores, [1, 1, 0, 0])!).eer;
  expect(rate([4, 3, 2, 1])).toBe(0);
  expect(rate([1, 2, 3, 4])).toBe(1);
  expect(rate([5, 5, 5, 5])).toBe(0.5);
});

test('logits of two classes are judged directly, of more pooled, and of one class present not at all', () => {
  const two = evaluateLogits(Float32Array.from([2, 0, 0, 1, 3, 1, 0, 4]), Int32Array.from([0, 1, 0, 1]), 2);
  expect(two.summary).toMatchObject({ accuracy: 1, uar: 1, macroF1: 1, eer: 0 });
  expect(two.pooled!.eer.targets).toBe(2);
  const three = evaluateLogits(
    Float32Array.from([5, 0, 0, 0, 5, 0, 0, 0, 5, 5, 0, 0]),
    Int32Array.from([0, 1, 2, 2]),
    3,
  );
  expect(three.summary.accuracy).toBe(0.75);
  expect(three.pooled!.curve.targets).toBe(4);
  expect(three.pooled!.curve.nonTargets).toBe(8);
  expect(three.perClass).toHaveLength(3);
  expect(evaluateLogits(Float32Array.from([1, 0, 1, 0]), Int32Array.from([0, 0]), 2).summary.eer).toBeNull();
});

test('lower is better for loss and EER, higher for the others', () => {
  expect([isBetter('loss', 1, 2), isBetter('eer', 0.1, 0.2), isBetter('uar', 0.9, 0.8)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(isBetter('accuracy', 0.5, 0.5)).toBe(false);
});
