import type { EncoderConfig } from '../config.ts';

/** Learned stand-in for masked frames: a part of the checkpoint that only pretraining uses. */
export const MASK_EMBEDDING = 'masked_spec_embed';

/** Name and shape of every tensor that the forward pass reads, in PyTorch layout. */
export function expectedTensors(config: EncoderConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const add = (name: string, ...shape: readonly number[]): void => void shapes.set(name, shape);
  const addNorm = (name: string, size: number): void => {
    add(`${name}.weight`, size);
    add(`${name}.bias`, size);
  };
  const addLinear = (name: string, output: number, input: number): void => {
    add(`${name}.weight`, output, input);
    add(`${name}.bias`, output);
  };
  const { hiddenSize, heads, intermediateSize, positionalConv, relativePosition } = config;

  let channels = 1;
  for (const [i, layer] of config.convLayers.entries()) {
    const name = `feature_extractor.conv_layers.${i}`;
    add(`${name}.conv.weight`, layer.channels, channels, layer.kernel);
    if (config.convBias) add(`${name}.conv.bias`, layer.channels);
    if (i === 0 || config.featExtractNorm === 'layer') addNorm(`${name}.layer_norm`, layer.channels);
    channels = layer.channels;
  }
  if (config.featProjLayerNorm) addNorm('feature_projection.layer_norm', channels);
  addLinear('feature_projection.projection', hiddenSize, channels);

  const kernelShape = [hiddenSize, hiddenSize / positionalConv.groups, positionalConv.kernel];
  if (positionalConv.kind === 'weight-norm') {
    add('encoder.pos_conv_embed.conv.bias', hiddenSize);
    add('encoder.pos_conv_embed.conv.weight_g', 1, 1, positionalConv.kernel);
    add('encoder.pos_conv_embed.conv.weight_v', ...kernelShape);
  } else {
    for (let i = 0; i < positionalConv.depth; i += 1) {
      add(`encoder.pos_conv_embed.layers.${i}.conv.weight`, ...kernelShape);
      add(`encoder.pos_conv_embed.layers.${i}.conv.bias`, hiddenSize);
    }
  }
  addNorm('encoder.layer_norm', hiddenSize);

  for (let i = 0; i < config.layers; i += 1) {
    const name = `encoder.layers.${i}`;
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      addLinear(`${name}.attention.${part}`, hiddenSize, hiddenSize);
    }
    if (relativePosition !== null) {
      add(`${name}.attention.gru_rel_pos_const`, 1, heads, 1, 1);
      addLinear(`${name}.attention.gru_rel_pos_linear`, 8, hiddenSize / heads);
      if (i === 0) add(`${name}.attention.rel_attn_embed.weight`, relativePosition.buckets, heads);
    }
    addNorm(`${name}.layer_norm`, hiddenSize);
    addNorm(`${name}.final_layer_norm`, hiddenSize);
    addLinear(`${name}.feed_forward.intermediate_dense`, intermediateSize, hiddenSize);
    addLinear(`${name}.feed_forward.output_dense`, hiddenSize, intermediateSize);
  }
  return shapes;
}
