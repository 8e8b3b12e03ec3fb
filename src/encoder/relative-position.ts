/**
 * The bucket of a relative position `key − query`: one half of the buckets for each direction, small distances one
 * bucket each, larger ones logarithmically up to `maxDistance` (T5's scheme as WavLM uses it).
 */
export function relativePositionBucket(
  relativePosition: number,
  buckets: number,
  maxDistance: number,
): number {
  const half = buckets / 2;
  const direction = relativePosition > 0 ? half : 0;
  const distance = Math.abs(relativePosition);
  const exact = half / 2;
  if (distance < exact) return direction + distance;
  // float32 at each step, as the reference computes it: one ulp decides at a bucket's border.
  const ratio = Math.fround(Math.log(Math.fround(distance / exact)));
  const fraction = Math.fround(ratio / Math.fround(Math.log(maxDistance / exact)));
  const scaled = Math.fround(exact + Math.fround(fraction * (half - exact)));
  return direction + Math.min(Math.trunc(scaled), half - 1);
}

/**
 * Bias by relative position: `[H, 2·T − 1]`, entry `r + T − 1` is for `key − query = r`.
 * @param embedding `rel_attn_embed` of layer 0, `[buckets, H]`
 */
export function relativePositionTable(
  embedding: Float32Array,
  heads: number,
  frames: number,
  buckets: number,
  maxDistance: number,
): Float32Array {
  const width = 2 * frames - 1;
  const table = new Float32Array(heads * width);
  for (let i = 0; i < width; i += 1) {
    const bucket = relativePositionBucket(i - frames + 1, buckets, maxDistance);
    for (let h = 0; h < heads; h += 1) table[h * width + i] = embedding[bucket * heads + h] ?? 0;
  }
  return table;
}
