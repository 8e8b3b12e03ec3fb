import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from './config.ts';
import type { EncoderKernels, Gate, Linear, Norm } from './kernels/contract.ts';
import type { ValidLengths } from './kernels/valid.ts';
import type { WeightLoader } from './weights.ts';

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
  const weight = await loader.loadLinearWeight(`${prefix}.weight`, inputs, outputs);
  const bias = await loader.load<tf.Rank.R1>(`${prefix}.bias`, [outputs]);
  return { weight, bias, inputs, outputs };
}

export async function loadNorm(loader: WeightLoader, prefix: string, size: number): Promise<Norm> {
  return {
    weight: await loader.load<tf.Rank.R1>(`${prefix}.weight`, [size]),
    bias: await loader.load<tf.Rank.R1>(`${prefix}.bias`, [size]),
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
    weight: loader.uploadLinearWeight(joined, size, 3 * size),
    bias: loader.upload<tf.Rank.R1>(joinedBias, [3 * size]),
    inputs: size,
    outputs: 3 * size,
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
    weight: loader.upload<tf.Rank.R2>(summed, [headSize, 2]),
    bias: loader.upload<tf.Rank.R1>(summedBias, [2]),
    constant: loader.upload<tf.Rank.R1>(constant, [config.heads]),
  };
}

/**
 * One layer, `h` `[B, T, D]` → `[B, T, D]`. Pre-LN for the models with `doStableLayerNorm`, else post-LN.
 * @param table bias by relative position, `[H, 2·T − 1]`, or null
 * @param maxTensorBytes what one tensor may take
 */
export function applyTransformerLayer(
  layer: TransformerLayer,
  kernels: EncoderKernels,
  config: EncoderConfig,
  h: tf.Tensor3D,
  table: tf.Tensor2D | null,
  valid: ValidLengths,
  maxTensorBytes: number,
): tf.Tensor3D {
  const norm = (which: Norm, x: tf.Tensor3D): tf.Tensor3D => kernels.layerNorm(x, which, config.layerNormEps);
  /** residual + Attn(x) */
  const attend = (x: tf.Tensor3D, residual: tf.Tensor3D): tf.Tensor3D => {
    const qkv = kernels.dense(x, layer.qkv);
    const position = layer.gate && table ? { x, gate: layer.gate, table } : null;
    const mixed = kernels.attention({ qkv, position }, config.heads, valid, maxTensorBytes);
    return kernels.dense(mixed, layer.out, { residual });
  };
  /** residual + FF(x) */
  const feedForward = (x: tf.Tensor3D, residual: tf.Tensor3D): tf.Tensor3D =>
    kernels.dense(kernels.dense(x, layer.intermediate, { gelu: true }), layer.output, { residual });
  return tf.tidy(() => {
    if (config.doStableLayerNorm) {
      const attended = attend(norm(layer.attentionNorm, h), h);
      return feedForward(norm(layer.finalNorm, attended), attended);
    }
    const attended = norm(layer.attentionNorm, attend(h, h));
    return norm(layer.finalNorm, feedForward(attended, attended));
  });
}
