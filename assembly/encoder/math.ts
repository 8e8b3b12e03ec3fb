// Elementwise mathematics on four float32 at a time.

/** a·b + c; with relaxed SIMD in one rounding where the processor has it, which is twice as fast. */
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

@inline
function constant(value: f32): v128 {
  return f32x4.splat(value);
}

/** The error function by a rational minimax approximation on [−4, 4], within a few units in the last place. */
@inline
function erf4(value: v128): v128 {
  const x = f32x4.min(f32x4.max(value, constant(-4)), constant(4));
  const x2 = f32x4.mul(x, x);
  let p = constant(-2.72614225801306e-10);
  p = multiplyAdd(p, x2, constant(2.77068142495902e-8));
  p = multiplyAdd(p, x2, constant(-2.10102402082508e-6));
  p = multiplyAdd(p, x2, constant(-5.69250639462346e-5));
  p = multiplyAdd(p, x2, constant(-7.34990630326855e-4));
  p = multiplyAdd(p, x2, constant(-2.95459980854025e-3));
  p = multiplyAdd(p, x2, constant(-1.60960333262415e-2));
  p = f32x4.mul(p, x);
  let q = constant(-1.45660718464996e-5);
  q = multiplyAdd(q, x2, constant(-2.13374055278905e-4));
  q = multiplyAdd(q, x2, constant(-1.68282697438203e-3));
  q = multiplyAdd(q, x2, constant(-7.37332916720468e-3));
  q = multiplyAdd(q, x2, constant(-1.42647390514189e-2));
  return f32x4.div(p, q);
}

/** x·Φ(x) with the exact Gaussian integral. */
export function gelu4(x: v128): v128 {
  const erf = erf4(f32x4.mul(x, constant(0.7071067811865476)));
  return f32x4.mul(f32x4.mul(x, constant(0.5)), f32x4.add(erf, constant(1)));
}

/** e^x for x ≤ 0 (a softmax's shifted scores), after Cephes; below −87 it gives 0. */
@inline
export function expNonPositive4(value: v128): v128 {
  const x = f32x4.max(value, constant(-87));
  const n = f32x4.nearest(f32x4.mul(x, constant(1.44269504088896341)));
  let r = multiplyAdd(n, constant(-0.693359375), x);
  r = multiplyAdd(n, constant(2.12194440e-4), r);
  let p = constant(1.9875691500e-4);
  p = multiplyAdd(p, r, constant(1.3981999507e-3));
  p = multiplyAdd(p, r, constant(8.3334519073e-3));
  p = multiplyAdd(p, r, constant(4.1665795894e-2));
  p = multiplyAdd(p, r, constant(1.6666665459e-1));
  p = multiplyAdd(p, r, constant(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(f32x4.mul(r, r), p, r), constant(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  const result = f32x4.mul(p, power);
  return v128.and(result, f32x4.ge(value, constant(-87)));
}

@inline
export function sum4(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}
