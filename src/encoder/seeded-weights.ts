import { Rng } from '../lib/rng.ts';
import type { Checkpoint, TensorEntry } from './checkpoint/checkpoint.ts';
import { expectedTensors } from './checkpoint/expected-tensors.ts';
import type { EncoderConfig } from './config.ts';

/**
 * An untrained checkpoint of any size: the same weights for the same config and seed, in every browser. Each tensor is
 * drawn when it is read, from a stream of its own, so the order of reading does not matter.
 */
export function seededCheckpoint(config: EncoderConfig, doNormalize: boolean, seed: number): Checkpoint {
  const tensors = new Map<string, TensorEntry>();
  for (const [name, shape] of expectedTensors(config)) {
    tensors.set(name, {
      name,
      shape,
      dtype: 'F32',
      read: () => Promise.resolve(drawTensor(config, name, shape, Rng.fromSeed(seed, name))),
    });
  }
  return { config, doNormalize, tensors };
}

/**
 * Values that keep the size of activations about the same from layer to layer, so that even untrained hidden states
 * tell sounds apart: Kaiming for convs, 1/√inputs for linear layers, as LeCun et al. 1998.
 */
function drawTensor(config: EncoderConfig, name: string, shape: readonly number[], rng: Rng): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const normal = (deviation: number): Float32Array => values.map(() => deviation * rng.nextGaussian());
  const [, inputs = 1, kernel = 1] = shape;
  if (name.endsWith('layer_norm.weight') || name.endsWith('gru_rel_pos_const')) return values.fill(1);
  // Weight norm leaves `v` as it is when `g` holds the norm of each tap of `v`; its expected value stands for it.
  if (name.endsWith('pos_conv_embed.conv.weight_g')) {
    return values.fill(posConvDeviation(config) * Math.sqrt(posConvTapSize(config)));
  }
  if (name.startsWith('encoder.pos_conv_embed.') && shape.length === 3)
    return normal(posConvDeviation(config));
  if (name.endsWith('.bias')) return values;
  if (shape.length === 3) return normal(Math.sqrt(2 / (inputs * kernel)));
  if (name.endsWith('rel_attn_embed.weight')) return normal(0.02);
  return normal(Math.sqrt(1 / inputs));
}

/** transformers: normal with deviation 2·√(1 / (kernel · channels)). */
function posConvDeviation({ positionalConv, hiddenSize }: EncoderConfig): number {
  return 2 * Math.sqrt(1 / (positionalConv.kernel * hiddenSize));
}

function posConvTapSize({ positionalConv, hiddenSize }: EncoderConfig): number {
  return (hiddenSize * hiddenSize) / positionalConv.groups;
}
