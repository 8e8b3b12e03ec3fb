import { expect, test } from 'vitest';
import {
  EncoderConfigError,
  UnsupportedEncoderError,
  frameCount,
  parseEncoderConfig,
  receptiveField,
} from '../../src/encoder/config.ts';

test('an almost empty WavLM config means the base model', () => {
  const config = parseEncoderConfig({ model_type: 'wavlm' });
  expect(config).toMatchObject({
    hiddenSize: 768,
    layers: 12,
    heads: 12,
    intermediateSize: 3072,
    featExtractNorm: 'group',
    doStableLayerNorm: false,
    relativePosition: { buckets: 320, maxDistance: 800 },
    positionalConv: { kind: 'weight-norm', kernel: 128, groups: 16, depth: 1 },
  });
  expect(receptiveField(config)).toBe(400);
});

test('frame counts are those of the published models', () => {
  const config = parseEncoderConfig({ model_type: 'wavlm' });
  expect([399, 400, 719, 720, 16000, 160000, 480000].map((n) => frameCount(config, n))).toEqual([
    0, 1, 1, 2, 49, 499, 1499,
  ]);
});

test('data2vec-audio has a stack of positional convs, layer norm everywhere and no position bias', () => {
  const config = parseEncoderConfig({
    model_type: 'data2vec-audio',
    num_conv_pos_embeddings: 5,
    conv_pos_kernel_size: 19,
  });
  expect(config.positionalConv).toEqual({ kind: 'stack', kernel: 19, groups: 16, depth: 5 });
  expect(config.featExtractNorm).toBe('layer');
  expect(config.relativePosition).toBeNull();
});

test.each([
  [{ model_type: 'whisper' }, 'model_type "whisper"'],
  [{ model_type: 'wavlm', add_adapter: true }, 'add_adapter'],
  [{ model_type: 'wav2vec2', adapter_attn_dim: 16 }, 'adapter_attn_dim'],
  [{ model_type: 'hubert', conv_pos_batch_norm: true }, 'conv_pos_batch_norm'],
  [{ model_type: 'wavlm', hidden_act: 'relu' }, 'hidden_act'],
  [{ model_type: 'wavlm', feat_extract_activation: 'gelu_new' }, 'feat_extract_activation'],
])('%j is refused as unsupported, with the field named', (json, words) => {
  expect(() => parseEncoderConfig(json)).toThrow(UnsupportedEncoderError);
  expect(() => parseEncoderConfig(json)).toThrow(words);
});

test.each([
  [null],
  [{}],
  [{ model_type: 'wavlm', hidden_size: 'big' }],
  [{ model_type: 'wavlm', hidden_size: -1 }],
  [{ model_type: 'wavlm', hidden_size: 770 }],
  [{ model_type: 'wavlm', conv_dim: [512, 512] }],
  [{ model_type: 'wavlm', num_buckets: 320, max_bucket_distance: 80 }],
])('%j is refused as a broken config', (json) => {
  expect(() => parseEncoderConfig(json)).toThrow(EncoderConfigError);
});
