import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from './config.ts';
import { plainAttention } from './kernels/attention.ts';
import { plainBiasGelu } from './kernels/gelu.ts';
import { plainLayerNorm } from './kernels/norms.ts';
import type { ValidLengths } from './kernels/valid.ts';
import { transpose, type WeightLoader } from './weights.ts';

/** A Linear: weight `[in, out]`, bias `[out]`. */
export interface Linear {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

export interface Norm {
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor;
}

/** WavLM's gate on the relative position bias, one per layer. */
interface Gate {
  /**
   * `[headSize, 2]`, `[2]`: the checkpoint's Linear(headSize → 8) with its two halves of four outputs summed, which
   * is what the model does with them.
   */
  readonly linear: Linear;
  /** `[H]` */
  readonly constant: tf.Tensor1D;
}

export interface TransformerLayer {
  /** `[D, 3·D]`; the queries' part carries the scale headSize^-0.5. */
  readonly qkv: Linear;
  readonly out: Linear;
  readonly gate: Gate | null;
  readonly attentionNorm: Norm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly finalNorm: Norm;
}

export async function loadLinear(
  loader: WeightLoader,
  prefix: string,
  inputs: number,
  outputs: number,
): Promise<Linear> {
  const weight = await loader.loadTransposed(`${prefix}.weight`, outputs, inputs);
  const bias = await loader.load<tf.Rank.R1>(`${prefix}.bias`, [outputs]);
  return { weight, bias };
}

export async function loadNorm(loader: WeightLoader, prefix: string, size: number): Promise<Norm> {
  return {
    weight: await loader.load(`${prefix}.weight`, [size]),
    bias: await loader.load(`${prefix}.bias`, [size]),
  };
}

/** Reads one transformer layer. */
export async function loadTransformerLayer(
  loader: WeightLoader,
  config: EncoderConfig,
  index: number,
): Promise<TransformerLayer> {
  const prefix = `encoder.layers.${index}.`;
  const size = config.hiddenSize;
  return {
    qkv: await loadQueryKeyValue(loader, config, `${prefix}attention.`),
    out: await loadLinear(loader, `${prefix}attention.out_proj`, size, size),
    gate: config.relativePosition ? await loadGate(loader, config, `${prefix}attention.`) : null,
    attentionNorm: await loadNorm(loader, `${prefix}layer_norm`, size),
    intermediate: await loadLinear(
      loader,
      `${prefix}feed_forward.intermediate_dense`,
      size,
      config.intermediateSize,
    ),
    output: await loadLinear(loader, `${prefix}feed_forward.output_dense`, config.intermediateSize, size),
    finalNorm: await loadNorm(loader, `${prefix}final_layer_norm`, size),
  };
}

/** The three projections side by side, so that one product gives them all. */
async function loadQueryKeyValue(
  loader: WeightLoader,
  config: EncoderConfig,
  prefix: string,
): Promise<Linear> {
  const size = config.hiddenSize;
  const scale = (size / config.heads) ** -0.5;
  const joined = new Float32Array(3 * size * size);
  const joinedBias = new Float32Array(3 * size);
  for (const [part, name] of ['q_proj', 'k_proj', 'v_proj'].entries()) {
    const weight = await loader.read(`${prefix}${name}.weight`, [size, size]);
    const bias = await loader.read(`${prefix}${name}.bias`, [size]);
    const factor = part === 0 ? scale : 1;
    joined.set(factor === 1 ? weight : weight.map((value) => value * factor), part * size * size);
    joinedBias.set(factor === 1 ? bias : bias.map((value) => value * factor), part * size);
  }
  return {
    weight: loader.upload<tf.Rank.R2>(transpose(joined, 3 * size, size), [size, 3 * size]),
    bias: loader.upload<tf.Rank.R1>(joinedBias, [3 * size]),
  };
}

async function loadGate(loader: WeightLoader, config: EncoderConfig, prefix: string): Promise<Gate> {
  const headSize = config.hiddenSize / config.heads;
  const weight = await loader.read(`${prefix}gru_rel_pos_linear.weight`, [8, headSize]);
  const bias = await loader.read(`${prefix}gru_rel_pos_linear.bias`, [8]);
  const constant = await loader.read(`${prefix}gru_rel_pos_const`, [1, config.heads, 1, 1]);
  const summed = new Float32Array(headSize * 2);
  const summedBias = new Float32Array(2);
  for (let output = 0; output < 8; output += 1) {
    const half = output < 4 ? 0 : 1;
    for (let i = 0; i < headSize; i += 1)
      summed[i * 2 + half] = (summed[i * 2 + half] ?? 0) + (weight[output * headSize + i] ?? 0);
    summedBias[half] = (summedBias[half] ?? 0) + (bias[output] ?? 0);
  }
  return {
    linear: {
      weight: loader.upload<tf.Rank.R2>(summed, [headSize, 2]),
      bias: loader.upload<tf.Rank.R1>(summedBias, [2]),
    },
    constant: loader.upload<tf.Rank.R1>(constant, [config.heads]),
  };
}

/** `x·W + b` over the last axis, through two dimensions: with a batch, tfjs's wasm kernel adds the bias wrongly. */
export function applyLinear(linear: Linear, x: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, frames, inputs] = x.shape;
    const flat = tf.reshape<tf.Rank.R2>(x, [batch * frames, inputs]);
    const y = tf.add(tf.matMul(flat, linear.weight), linear.bias);
    return tf.reshape(y, [batch, frames, linear.weight.shape[1]]);
  });
}

/**
 * One layer, `h` `[B, T, D]` → `[B, T, D]`. Pre-LN for the models with `doStableLayerNorm`, else post-LN.
 * @param positionTable `[H, 2·T − 1]`, or null
 */
export function applyTransformerLayer(
  layer: TransformerLayer,
  config: EncoderConfig,
  h: tf.Tensor3D,
  positionTable: tf.Tensor2D | null,
  valid: ValidLengths,
): tf.Tensor3D {
  const norm = (which: Norm, x: tf.Tensor3D): tf.Tensor3D =>
    plainLayerNorm(x, which.weight, which.bias, config.layerNormEps);
  const attend = (x: tf.Tensor3D): tf.Tensor3D => {
    const qkv = applyLinear(layer.qkv, x);
    const gate = layer.gate ? positionGate(layer.gate, x, config.heads) : null;
    return applyLinear(layer.out, plainAttention({ qkv, gate, positionTable }, config.heads, valid));
  };
  const feedForward = (x: tf.Tensor3D): tf.Tensor3D =>
    applyLinear(layer.output, plainBiasGelu(applyLinear(layer.intermediate, x), null));
  return tf.tidy(() => {
    if (config.doStableLayerNorm) {
      const attended: tf.Tensor3D = tf.add(h, attend(norm(layer.attentionNorm, h)));
      return tf.add(attended, feedForward(norm(layer.finalNorm, attended)));
    }
    const attended = norm(layer.attentionNorm, tf.add(h, attend(h)));
    return norm(layer.finalNorm, tf.add(attended, feedForward(attended)));
  });
}

/** `ga·(gb·const − 1) + 2` with (ga, gb) = sigmoid of the gate's Linear on each head's slice of x: `[B, T, H]`. */
function positionGate(gate: Gate, x: tf.Tensor3D, heads: number): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, frames, size] = x.shape;
    const slices = tf.reshape(x, [batch * frames * heads, size / heads]);
    const gates = tf.sigmoid(tf.add(tf.matMul(slices, gate.linear.weight), gate.linear.bias));
    const [ga, gb] = tf.split(tf.reshape(gates, [batch, frames, heads, 2]), 2, 3);
    if (!ga || !gb) throw new Error('The gate has two parts.');
    const first = tf.reshape(ga, [batch, frames, heads]);
    const second = tf.reshape(gb, [batch, frames, heads]);
    return tf.add(tf.mul(first, tf.sub(tf.mul(second, gate.constant), 1)), 2);
  });
}
