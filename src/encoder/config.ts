import * as v from 'valibot';
import { PlaygroundError } from '../lib/errors.ts';

/**
 * Sizes and switches of an encoder of the WavLM family, read from a checkpoint's `config.json` (Hugging Face names).
 * What differs between WavLM, wav2vec2, HuBERT, UniSpeech-SAT and data2vec-audio is data here; the forward pass
 * does not ask for the model's name.
 */
export interface EncoderConfig {
  readonly modelType: ModelType;
  /** Channels, kernel and stride of each layer of the convolutional feature extractor. */
  readonly convLayers: readonly ConvLayerConfig[];
  readonly convBias: boolean;
  /** `group`: GroupNorm after the first conv only. `layer`: LayerNorm over channels after every conv. */
  readonly featExtractNorm: 'group' | 'layer';
  /** D */
  readonly hiddenSize: number;
  /** L */
  readonly layers: number;
  /** H */
  readonly heads: number;
  /** F, width of the feed-forward part. */
  readonly intermediateSize: number;
  readonly layerNormEps: number;
  /** True: pre-LN layers and a norm after the last one (the "large" models). */
  readonly doStableLayerNorm: boolean;
  /** False only for DistilHuBERT: no LayerNorm before the projection. */
  readonly featProjLayerNorm: boolean;
  readonly positionalConv: PositionalConvConfig;
  /** Gated relative position bias; null for every model but WavLM. */
  readonly relativePosition: { readonly buckets: number; readonly maxDistance: number } | null;
}

export type ModelType = 'wavlm' | 'wav2vec2' | 'hubert' | 'unispeech' | 'unispeech-sat' | 'data2vec-audio';

export interface ConvLayerConfig {
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
}

export interface PositionalConvConfig {
  /** `weight-norm`: one conv, weight = v·g/‖v‖. `stack`: plain convs in sequence, each with LayerNorm and GELU. */
  readonly kind: 'weight-norm' | 'stack';
  readonly kernel: number;
  readonly groups: number;
  /** How many convs; 1 for `weight-norm`. */
  readonly depth: number;
}

/** `config.json` describes something that the encoder does not compute. */
export class UnsupportedEncoderError extends PlaygroundError {
  override readonly name: string = 'UnsupportedEncoderError';
}

/** `config.json` is not JSON, lacks a field, or its sizes contradict each other. */
export class EncoderConfigError extends PlaygroundError {
  override readonly name: string = 'EncoderConfigError';
}

const modelTypes: readonly ModelType[] = [
  'wavlm',
  'wav2vec2',
  'hubert',
  'unispeech',
  'unispeech-sat',
  'data2vec-audio',
];

const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));
const sizes = v.pipe(v.array(size), v.minLength(1), v.maxLength(32));

/** Defaults are those of transformers' configuration classes, which all agree on these fields. */
const schema = v.object({
  model_type: v.string(),
  conv_dim: v.optional(sizes, () => [512, 512, 512, 512, 512, 512, 512]),
  conv_kernel: v.optional(sizes, () => [10, 3, 3, 3, 3, 2, 2]),
  conv_stride: v.optional(sizes, () => [5, 2, 2, 2, 2, 2, 2]),
  conv_bias: v.optional(v.boolean(), false),
  feat_extract_norm: v.optional(v.string(), 'group'),
  feat_extract_activation: v.optional(v.string(), 'gelu'),
  hidden_act: v.optional(v.string(), 'gelu'),
  hidden_size: v.optional(size, 768),
  num_hidden_layers: v.optional(size, 12),
  num_attention_heads: v.optional(size, 12),
  intermediate_size: v.optional(size, 3072),
  layer_norm_eps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 1e-5),
  do_stable_layer_norm: v.optional(v.boolean(), false),
  feat_proj_layer_norm: v.optional(v.boolean(), true),
  num_conv_pos_embeddings: v.optional(size),
  num_conv_pos_embedding_groups: v.optional(size, 16),
  conv_pos_kernel_size: v.optional(size, 19),
  conv_pos_batch_norm: v.optional(v.boolean(), false),
  num_buckets: v.optional(size, 320),
  max_bucket_distance: v.optional(size, 800),
  add_adapter: v.optional(v.boolean(), false),
  adapter_attn_dim: v.nullish(v.number()),
});

type RawConfig = v.InferOutput<typeof schema>;

/**
 * Reads the parsed JSON of a checkpoint's `config.json`.
 * @throws EncoderConfigError when a field is missing or makes no sense.
 * @throws UnsupportedEncoderError when the checkpoint is of a kind that is not computed here (adapters, other
 * activations, other architectures).
 */
export function parseEncoderConfig(json: unknown): EncoderConfig {
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const field = v.getDotPath(issue);
    throw new EncoderConfigError(
      `config.json cannot be used: ${field ? `the field "${field}"` : 'its content'} is not as expected (${issue.message}). ` +
        'Take the config.json that belongs to the checkpoint.',
    );
  }
  const raw = parsed.output;
  const modelType = supportedModelType(raw);
  rejectContradictions(raw);
  const isStack = modelType === 'data2vec-audio';
  return {
    modelType,
    convLayers: raw.conv_dim.map((channels, i) => ({
      channels,
      kernel: raw.conv_kernel[i] ?? 1,
      stride: raw.conv_stride[i] ?? 1,
    })),
    convBias: raw.conv_bias,
    featExtractNorm: isStack || raw.feat_extract_norm === 'layer' ? 'layer' : 'group',
    hiddenSize: raw.hidden_size,
    layers: raw.num_hidden_layers,
    heads: raw.num_attention_heads,
    intermediateSize: raw.intermediate_size,
    layerNormEps: raw.layer_norm_eps,
    doStableLayerNorm: !isStack && raw.do_stable_layer_norm,
    featProjLayerNorm: modelType !== 'hubert' || raw.feat_proj_layer_norm,
    positionalConv: isStack
      ? {
          kind: 'stack',
          kernel: raw.conv_pos_kernel_size,
          groups: raw.num_conv_pos_embedding_groups,
          depth: raw.num_conv_pos_embeddings ?? 5,
        }
      : {
          kind: 'weight-norm',
          kernel: raw.num_conv_pos_embeddings ?? 128,
          groups: raw.num_conv_pos_embedding_groups,
          depth: 1,
        },
    relativePosition:
      modelType === 'wavlm' ? { buckets: raw.num_buckets, maxDistance: raw.max_bucket_distance } : null,
  };
}

/** The model's type, once nothing in its config is out of reach. */
function supportedModelType(raw: RawConfig): ModelType {
  const refuse = (what: string): never => {
    throw new UnsupportedEncoderError(
      `This checkpoint cannot be used: ${what}. Supported are WavLM, wav2vec2, HuBERT, DistilHuBERT, UniSpeech-SAT and ` +
        'data2vec-audio without adapters.',
    );
  };
  const modelType = modelTypes.find((type) => type === raw.model_type);
  if (!modelType) return refuse(`its config.json says model_type "${raw.model_type}"`);
  if (raw.add_adapter) refuse('it has a convolutional adapter (add_adapter is true)');
  if (raw.adapter_attn_dim != null) refuse('it has attention adapters (adapter_attn_dim is set)');
  if (raw.conv_pos_batch_norm)
    refuse('its positional convolution uses batch norm (conv_pos_batch_norm is true)');
  if (raw.hidden_act !== 'gelu') refuse(`its activation is "${raw.hidden_act}" (hidden_act), not "gelu"`);
  if (raw.feat_extract_activation !== 'gelu')
    refuse(`its activation is "${raw.feat_extract_activation}" (feat_extract_activation), not "gelu"`);
  if (raw.feat_extract_norm !== 'group' && raw.feat_extract_norm !== 'layer')
    refuse(`its feature extractor uses the norm "${raw.feat_extract_norm}" (feat_extract_norm)`);
  return modelType;
}

function rejectContradictions(raw: RawConfig): void {
  const refuse = (what: string): never => {
    throw new EncoderConfigError(`config.json contradicts itself: ${what}.`);
  };
  if (raw.conv_dim.length !== raw.conv_kernel.length || raw.conv_dim.length !== raw.conv_stride.length)
    refuse('conv_dim, conv_kernel and conv_stride differ in length');
  if (raw.hidden_size % raw.num_attention_heads !== 0)
    refuse(
      `hidden_size ${raw.hidden_size} is not a multiple of num_attention_heads ${raw.num_attention_heads}`,
    );
  if (raw.hidden_size % raw.num_conv_pos_embedding_groups !== 0)
    refuse(
      `hidden_size ${raw.hidden_size} is not a multiple of num_conv_pos_embedding_groups ${raw.num_conv_pos_embedding_groups}`,
    );
  if (
    raw.model_type === 'wavlm' &&
    (raw.num_buckets % 4 !== 0 || raw.max_bucket_distance * 4 <= raw.num_buckets)
  )
    refuse(`num_buckets ${raw.num_buckets} does not go with max_bucket_distance ${raw.max_bucket_distance}`);
}

/** Samples that the first frame covers: 400 for every published model. */
export function receptiveField(config: EncoderConfig): number {
  let field = 1;
  for (const layer of config.convLayers.toReversed()) field = (field - 1) * layer.stride + layer.kernel;
  return field;
}

/** Frames T for n samples: `floor((n − kernel) / stride) + 1` repeated over the conv layers, 0 when too short. */
export function frameCount(config: EncoderConfig, samples: number): number {
  let length = samples;
  for (const layer of config.convLayers)
    length = length < layer.kernel ? 0 : Math.floor((length - layer.kernel) / layer.stride) + 1;
  return length;
}
