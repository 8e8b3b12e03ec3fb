import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from './config.ts';
import type { EncoderKernels, GroupedConv } from './kernels/contract.ts';
import type { WeightLoader } from './weights.ts';

/** data2vec-audio's LayerNorm between its positional convs: no affine part, torch's default epsilon. */
const stackNormEpsilon = 1e-5;

/** Position from convolution: added to the frames before the first layer. */
export interface PositionalConv {
  readonly convs: readonly GroupedConv[];
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
  const isStack = kind === 'stack';
  // An even kernel's surplus output at the end is dropped: the same as one zero less on the right.
  const left = Math.floor(kernel / 2);
  const convs: GroupedConv[] = [];
  for (let i = 0; i < depth; i += 1) {
    const prefix = isStack ? `encoder.pos_conv_embed.layers.${i}.conv.` : 'encoder.pos_conv_embed.conv.';
    const weight = isStack
      ? await loader.read(`${prefix}weight`, [size, perGroup, kernel])
      : foldWeightNorm(
          await loader.read(`${prefix}weight_g`, [1, 1, kernel]),
          await loader.read(`${prefix}weight_v`, [size, perGroup, kernel]),
        );
    const bias = await loader.load<tf.Rank.R1>(`${prefix}bias`, [size]);
    const filter = groupedFilter(weight, groups, perGroup, kernel);
    convs.push({
      weight: loader.uploadMatrices(filter, groups, kernel * perGroup, perGroup),
      bias,
      groups,
      kernel,
      channels: perGroup,
      left,
    });
  }
  return { convs, isStack };
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
  kernels: EncoderKernels,
  x: tf.Tensor3D,
  mask: tf.Tensor3D | null,
): tf.Tensor3D {
  return tf.tidy(() => {
    let h = x;
    for (const conv of positional.convs)
      if (positional.isStack) {
        h = kernels.layerNorm(kernels.groupedConv(h, conv), null, stackNormEpsilon, { gelu: true });
        // The next conv must see zeros beyond the clip's end, as it would with the clip alone.
        if (mask) h = tf.mul(h, mask);
      } else h = kernels.groupedConv(h, conv, { gelu: true });
    return h;
  });
}
