import { expect, test } from 'vitest';
import reference from '../../fixtures/training/reference.json' with { type: 'json' };
import {
  extendSchedule,
  initialSchedule,
  learningRateAt,
  previewSchedule,
  scheduleAfterEpoch,
  validateSchedule,
  type ScheduleConfig,
} from '../../../src/training/schedule.ts';

type Case = (typeof reference.schedules)[number];

function configOf(one: Case): ScheduleConfig {
  const warmupSteps = one.warmupSteps ?? 0;
  if (one.kind === 'cosine') return { kind: 'cosine', minFactor: one.minFactor!, warmupSteps };
  if (one.kind === 'step')
    return { kind: 'step', everyEpochs: one.everyEpochs!, gamma: one.gamma!, warmupSteps };
  if (one.kind === 'plateau')
    return {
      kind: 'plateau',
      gamma: one.gamma!,
      patience: one.patience!,
      threshold: one.threshold!,
      minFactor: 0,
      warmupSteps,
    };
  return { kind: 'constant', warmupSteps };
}

test.each(reference.schedules.map((one) => [`${one.kind}, warmup ${one.warmupSteps ?? 0}`, one] as const))(
  'learning rates are PyTorch’s: %s',
  (_name, one) => {
    const config = configOf(one);
    let state = initialSchedule(one.total);
    one.rates.forEach((rate, i) => {
      expect(learningRateAt(config, state, one.base, i, one.perEpoch)).toBeCloseTo(rate, 10);
      if (one.losses) state = scheduleAfterEpoch(config, state, one.losses[i]!);
    });
  },
);

const cosine: ScheduleConfig = { kind: 'cosine', minFactor: 0.1, warmupSteps: 4 };

test('past the target: keep stays at the end, stretch bends the same curve, restart begins a new one', () => {
  const state = initialSchedule(40);
  const rate = (extension: 'keep' | 'stretch' | 'restart', step: number): number =>
    learningRateAt(cosine, extendSchedule(state, extension, 40, 80), 1, step, 10);
  expect(rate('keep', 40)).toBeCloseTo(0.1, 12);
  expect(rate('keep', 79)).toBeCloseTo(0.1, 12);
  expect(rate('stretch', 42)).toBeCloseTo(0.55, 1);
  expect(rate('stretch', 80)).toBeCloseTo(0.1, 12);
  expect(rate('restart', 40)).toBeCloseTo(0.25, 12);
  expect(rate('restart', 44)).toBeCloseTo(1, 12);
  expect(rate('restart', 80)).toBeCloseTo(0.1, 12);
});

test('the preview draws what training will use', () => {
  const state = initialSchedule(40);
  const drawn = previewSchedule(cosine, state, 0.3, 5, 40, 10);
  expect(drawn).toHaveLength(35);
  drawn.forEach((rate, i) => expect(rate).toBe(learningRateAt(cosine, state, 0.3, 5 + i, 10)));
});

test('a warmup longer than the run is refused', () => {
  expect(() => validateSchedule({ kind: 'constant', warmupSteps: 50 }, 40)).toThrow('never ends');
});
