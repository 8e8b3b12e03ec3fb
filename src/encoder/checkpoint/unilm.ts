import { UnsupportedCheckpointError } from './errors.ts';
import type { PickleValue } from './pickle-values.ts';

/** The original WavLM file, `{cfg, model}`. */
export interface UnilmCheckpoint {
  readonly cfg: ReadonlyMap<PickleValue, PickleValue>;
  readonly model: PickleValue;
}

export function asUnilm(value: PickleValue): UnilmCheckpoint | null {
  if (!(value instanceof Map)) return null;
  const cfg = value.get('cfg');
  const model = value.get('model');
  return cfg instanceof Map && model instanceof Map ? { cfg, model } : null;
}

/** Class defaults of unilm's `WavLMConfig`; what `cfg` says wins over them. */
const unilmDefaults = {
  extractor_mode: 'default',
  encoder_layers: 12,
  encoder_embed_dim: 768,
  encoder_ffn_embed_dim: 3072,
  encoder_attention_heads: 12,
  activation_fn: 'gelu',
  layer_norm_first: false,
  conv_feature_layers: '[(512,10,5)] + [(512,3,2)] * 4 + [(512,2,2)] * 2',
  conv_bias: false,
  normalize: false,
  conv_pos: 128,
  conv_pos_groups: 16,
  relative_position_embedding: false,
  num_buckets: 320,
  max_distance: 1280,
  gru_rel_pos: false,
} as const;

/** `cfg` in the words of a Hugging Face `config.json`, and whether waveforms are normalised. */
export function unilmConfig(
  path: string,
  cfg: ReadonlyMap<PickleValue, PickleValue>,
): { readonly json: Readonly<Record<string, unknown>>; readonly doNormalize: boolean } {
  const get = (key: keyof typeof unilmDefaults): PickleValue => cfg.get(key) ?? unilmDefaults[key];
  const layers = parseConvLayers(path, get('conv_feature_layers'));
  const isRelative = get('relative_position_embedding') === true;
  if (isRelative !== (get('gru_rel_pos') === true)) {
    throw new UnsupportedCheckpointError(
      `${path} uses a relative position bias without its gate, or the reverse; no published WavLM does.`,
    );
  }
  const mode = get('extractor_mode');
  return {
    json: {
      // Without the relative position bias the network is HuBERT's.
      model_type: isRelative ? 'wavlm' : 'hubert',
      feat_extract_norm: mode === 'default' ? 'group' : mode === 'layer_norm' ? 'layer' : mode,
      conv_dim: layers.map(([channels]) => channels),
      conv_kernel: layers.map(([, kernel]) => kernel),
      conv_stride: layers.map(([, , stride]) => stride),
      conv_bias: get('conv_bias'),
      hidden_size: get('encoder_embed_dim'),
      num_hidden_layers: get('encoder_layers'),
      num_attention_heads: get('encoder_attention_heads'),
      intermediate_size: get('encoder_ffn_embed_dim'),
      hidden_act: get('activation_fn'),
      layer_norm_eps: 1e-5,
      do_stable_layer_norm: get('layer_norm_first'),
      num_conv_pos_embeddings: get('conv_pos'),
      num_conv_pos_embedding_groups: get('conv_pos_groups'),
      num_buckets: get('num_buckets'),
      max_bucket_distance: get('max_distance'),
    },
    doNormalize: get('normalize') === true,
  };
}

type ConvLayer = readonly [channels: number, kernel: number, stride: number];

const MAX_CONV_LAYERS = 32;

/** Reads the Python expression `[(512,10,5)] + [(512,3,2)] * 4` (the original evaluates it; here it is data). */
function parseConvLayers(path: string, expression: PickleValue): ConvLayer[] {
  const refuse = (): never => {
    throw new UnsupportedCheckpointError(
      `${path} describes its conv layers in a way that is not understood.`,
    );
  };
  if (typeof expression !== 'string' || expression.length > 2000) return refuse();
  const layers: ConvLayer[] = [];
  for (const term of expression.replaceAll(/\s/g, '').split('+')) {
    const match = /^\[((?:\(\d+,\d+,\d+\),?)+)\](?:\*(\d{1,2}))?$/.exec(term);
    if (match === null) return refuse();
    const tuples = [...(match[1] ?? '').matchAll(/\((\d+),(\d+),(\d+)\)/g)];
    for (let repeat = Number(match[2] ?? 1); repeat > 0; repeat -= 1) {
      for (const tuple of tuples) layers.push([Number(tuple[1]), Number(tuple[2]), Number(tuple[3])]);
      if (layers.length > MAX_CONV_LAYERS) return refuse();
    }
  }
  return layers;
}

/** unilm's words for the parts of a tensor's name, in the order in which they are replaced. */
const renames: readonly (readonly [RegExp, string])[] = [
  [/^mask_emb$/, 'masked_spec_embed'],
  [/^layer_norm\./, 'feature_projection.layer_norm.'],
  [/^post_extract_proj\./, 'feature_projection.projection.'],
  [/^(feature_extractor\.conv_layers\.\d+)\.0\.(weight|bias)$/, '$1.conv.$2'],
  [/^(feature_extractor\.conv_layers\.\d+)\.2(?:\.1)?\.(weight|bias)$/, '$1.layer_norm.$2'],
  [/^encoder\.pos_conv\.0\./, 'encoder.pos_conv_embed.conv.'],
  [/\.self_attn_layer_norm\./, '.layer_norm.'],
  [/\.self_attn\./, '.attention.'],
  [/\.grep_linear\./, '.gru_rel_pos_linear.'],
  [/\.grep_a$/, '.gru_rel_pos_const'],
  [/\.relative_attention_bias\./, '.rel_attn_embed.'],
  [/\.fc1\./, '.feed_forward.intermediate_dense.'],
  [/\.fc2\./, '.feed_forward.output_dense.'],
];

/** A tensor's Hugging Face name. */
export function unilmName(name: string): string {
  return renames.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), name);
}
