import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from './config.ts';
import { plainBiasGelu } from './kernels/gelu.ts';
import { plainGroupedConv, type Padding } from './kernels/grouped-conv.ts';
import { plainLayerNorm } from './kernels/norms.ts';
import type { WeightLoader } from './weights.ts';

/** data2vec-audio's LayerNorm between its positional convs: no affine part, torch's default epsilon. */
const stackNormEpsilon = 1e-5;

/** Position from convolution: added to the frames before the first layer. */
export interface PositionalConv {
  readonly convs: readonly { readonly weight: tf.Tensor4D; readonly bias: tf.Tensor }[];
  readonly padding: Padding;
  readonly isStack: boolean;
}

/** Reads the positional conv's weights; weight norm is folded in. */
export async function loadPositionalConv(
  loader: WeightLoader,
  config: EncoderConfig,
): Promise<PositionalConv> {
  const { kind, kernel, groups, depth } = config.positionalConv;
  const size = config.hiddenSize;
  const perGroup = size / groups;
  const convs: PositionalConv['convs'][number][] = [];
  for (let i = 0; i < depth; i += 1) {
    const isStack = kind === 'stack';
    const prefix = isStack ? `encoder.pos_conv_embed.layers.${i}.conv.` : 'encoder.pos_conv_embed.conv.';
    const weight = isStack
      ? await loader.read(`${prefix}weight`, [size, perGroup, kernel])
      : foldWeightNorm(
          await loader.read(`${prefix}weight_g`, [1, 1, kernel]),
          await loader.read(`${prefix}weight_v`, [size, perGroup, kernel]),
        );
    const bias = await loader.load(`${prefix}bias`, [size]);
    const grouped = groupedFilter(weight, groups, perGroup, kernel);
    convs.push({
      weight: loader.upload<tf.Rank.R4>(grouped, [groups, kernel, perGroup, perGroup]),
      bias,
    });
  }
  // An even kernel's surplus output at the end is dropped: the same as one zero less on the right.
  const left = Math.floor(kernel / 2);
  return { convs, padding: { left, right: kernel - 1 - left }, isStack: kind === 'stack' };
}

/** `w[o, c, k] = v[o, c, k]·g[k] / ‖v[:, :, k]‖₂`, in float64, without epsilon. */
export function foldWeightNorm(g: Float32Array, v: Float32Array): Float32Array {
  const kernel = g.length;
  const squares = new Float64Array(kernel);
  for (let i = 0; i < v.length; i += 1) {
    const value = v[i] ?? 0;
    squares[i % kernel] = (squares[i % kernel] ?? 0) + value * value;
  }
  const scale = squares.map((square, k) => (g[k] ?? 0) / Math.sqrt(square));
  return v.map((value, i) => value * (scale[i % kernel] ?? 0));
}

/** `[groups·out, in, kernel]` → `[groups, kernel, in, out]` */
function groupedFilter(weight: Float32Array, groups: number, perGroup: number, kernel: number): Float32Array {
  const result = new Float32Array(weight.length);
  for (let g = 0; g < groups; g += 1)
    for (let o = 0; o < perGroup; o += 1)
      for (let c = 0; c < perGroup; c += 1)
        for (let k = 0; k < kernel; k += 1)
          result[((g * kernel + k) * perGroup + c) * perGroup + o] =
            weight[((g * perGroup + o) * perGroup + c) * kernel + k] ?? 0;
  return result;
}

/**
 * @param x `[B, T, D]`, zero on padding
 * @param mask `[B, T, 1]`, or null when nothing is padded
 * @returns what is to be added to x, `[B, T, D]`
 */
export function applyPositionalConv(
  positional: PositionalConv,
  x: tf.Tensor3D,
  mask: tf.Tensor3D | null,
): tf.Tensor3D {
  return tf.tidy(() => {
    let h = x;
    for (const { weight, bias } of positional.convs) {
      let y = plainGroupedConv(h, weight, positional.padding);
      if (positional.isStack) {
        y = plainLayerNorm(tf.add<tf.Tensor3D>(y, bias), null, null, stackNormEpsilon);
        y = plainBiasGelu(y, null);
        // The next conv must see zeros beyond the clip's end, as it would with the clip alone.
        if (mask) y = tf.mul(y, mask);
      } else y = plainBiasGelu(y, bias);
      h = y;
    }
    return h;
  });
}
