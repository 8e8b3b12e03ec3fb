/** Scales of a chart's axes: values to a share of the axis in [0, 1], and where its ticks stand. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  /** Share of the axis, 0 at `min`; may lie outside [0, 1]. */
  at(value: number): number;
}

export type ScaleKind = 'linear' | 'log' | 'probit';

/** Ticks at 1, 2 or 5 times a power of ten, about `count` of them, all within [min, max]. */
export function niceTicks(min: number, max: number, count: number): readonly number[] {
  const span = max - min;
  if (!(span > 0)) return [min];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? power * 10;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Multiplying avoids the drift of repeated addition; rounding drops the last bits (0.30000000000000004).
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

export function linearScale(min: number, max: number, tickCount: number): Scale {
  const [low, high] = min === max ? [min - 0.5, max + 0.5] : [min, max];
  return {
    min: low,
    max: high,
    ticks: niceTicks(low, high, tickCount),
    at: (value) => (value - low) / (high - low),
  };
}

/** Powers of ten as ticks, with 2 and 5 between where they are few; both ends must be above 0. */
export function logScale(min: number, max: number): Scale {
  const low = Math.log10(min);
  const high = min === max ? low + 1 : Math.log10(max);
  const factors = high - low < 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += 1)
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= min * (1 - 1e-9) && tick <= 10 ** high * (1 + 1e-9)) ticks.push(tick);
    }
  return { min, max: 10 ** high, ticks, at: (value) => (Math.log10(value) - low) / (high - low) };
}

const probitTicks = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99];

/** The normal deviate scale of DET plots; both ends strictly between 0 and 1. */
export function probitScale(min: number, max: number): Scale {
  const low = probit(min);
  const high = probit(max);
  return {
    min,
    max,
    ticks: probitTicks.filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9)),
    at: (value) => (probit(value) - low) / (high - low),
  };
}

/**
 * Inverse of the standard normal distribution, relative error below 1.15e-9: Peter J. Acklam's rational approximation.
 * Minus and plus infinity at 0 and 1.
 */
export function probit(share: number): number {
  if (share <= 0) return Number.NEGATIVE_INFINITY;
  if (share >= 1) return Number.POSITIVE_INFINITY;
  if (share > 0.5) return -probit(1 - share);
  if (share < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(share));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
        q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
        1)
    );
  }
  const q = share - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}

/** The scale that holds all of `values`; a linear one is wider by `padding` of their extent at both ends. */
export function scaleFor(
  kind: ScaleKind,
  values: Iterable<number>,
  domain: readonly [number, number] | null,
  tickCount: number,
  padding = 0.04,
): Scale {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value) || (kind !== 'linear' && value <= 0)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (domain) [min, max] = domain;
  if (!(min <= max)) [min, max] = kind === 'linear' ? [0, 1] : [0.01, 1];
  if (kind === 'log') return logScale(min, max);
  if (kind === 'probit') return probitScale(Math.max(min, 1e-4), Math.min(max, 1 - 1e-4));
  const margin = domain ? 0 : padding * (max - min);
  return linearScale(min - margin, max + margin, tickCount);
}
