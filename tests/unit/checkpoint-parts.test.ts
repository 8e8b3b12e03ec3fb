import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float16ToNumber, toFloat32 } from '../../src/encoder/checkpoint/float-formats.ts';
import { repeatedKey } from '../../src/encoder/checkpoint/json-keys.ts';
import { canonicalName } from '../../src/encoder/checkpoint/name-map.ts';
import { unilmConfig, unilmName } from '../../src/encoder/checkpoint/unilm.ts';
import { parseEncoderConfig } from '../../src/encoder/config.ts';

describe('float16', () => {
  test.each([
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3c00, 1],
    [0x3555, 0.333251953125],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x8000, -0],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, Number.NaN],
  ])('0x%s', (bits, value) => expect(float16ToNumber(bits)).toBe(value));

  test('grows with its bits from zero to 65504', () => {
    for (let bits = 1; bits <= 0x7bff; bits += 1) {
      if (float16ToNumber(bits) <= float16ToNumber(bits - 1)) throw new Error(`at ${bits}`);
    }
  });
});

test('bfloat16 is the upper half of a float32, from any offset of its bytes', () => {
  const bytes = Uint8Array.from([99, 0x80, 0x3f, 0x49, 0xc0]).subarray(1);
  expect([...toFloat32(bytes, 'BF16')]).toEqual([1, -3.140625]);
});

test('JSON without repeated keys is never accused, JSON with one always is', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(repeatedKey(json)).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.json(), fc.json(), (key, a, b) => {
      const name = JSON.stringify(key);
      expect(repeatedKey(`[{"x":${a},"y":{${name} :${a},${name}:${b}}}]`)).toBe(key);
    }),
  );
});

test.each([
  ['wavlm.encoder.layer_norm.bias', 'encoder.layer_norm.bias'],
  ['data2vec_audio.encoder.layers.0.layer_norm.bias', 'encoder.layers.0.layer_norm.bias'],
  ['unispeech_sat.masked_spec_embed', 'masked_spec_embed'],
  [
    'hubert.encoder.pos_conv_embed.conv.parametrizations.weight.original0',
    'encoder.pos_conv_embed.conv.weight_g',
  ],
  ['encoder.pos_conv_embed.conv.parametrizations.weight.original1', 'encoder.pos_conv_embed.conv.weight_v'],
  ['lm_head.weight', 'lm_head.weight'],
])('the canonical name of %s is %s', (name, canonical) => expect(canonicalName(name)).toBe(canonical));

describe('an original WavLM config', () => {
  const base = {
    relative_position_embedding: true,
    gru_rel_pos: true,
    conv_feature_layers: '[(512,10,5)] + [(512,3,2)] * 4 + [(512,2,2)] * 2',
  };
  const parse = (cfg: Readonly<Record<string, string | number | boolean>>) =>
    unilmConfig('WavLM.pt', new Map(Object.entries(cfg)));

  test('falls back to the class defaults of the original code, and what it says wins over them', () => {
    const silent = parseEncoderConfig(parse(base).json);
    expect(silent).toMatchObject({
      modelType: 'wavlm',
      featExtractNorm: 'group',
      hiddenSize: 768,
      layers: 12,
      relativePosition: { buckets: 320, maxDistance: 1280 },
    });
    expect(silent.convLayers.map(({ kernel }) => kernel)).toEqual([10, 3, 3, 3, 3, 2, 2]);
    const said = parseEncoderConfig(
      parse({ ...base, max_distance: 800, extractor_mode: 'layer_norm', normalize: true }).json,
    );
    expect(said.relativePosition?.maxDistance).toBe(800);
    expect(said.featExtractNorm).toBe('layer');
  });

  test.each([
    ['code in place of layers', { ...base, conv_feature_layers: '__import__("os").system("true")' }],
    ['a comprehension', { ...base, conv_feature_layers: '[(512,3,2) for i in range(9)]' }],
    ['layers without end', { ...base, conv_feature_layers: '[(512,3,2)] * 99' }],
    ['a bias without its gate', { ...base, gru_rel_pos: false }],
  ])('is refused with %s', (_name, cfg) =>
    expect(() => parse(cfg)).toThrow(expect.objectContaining({ name: 'UnsupportedCheckpointError' })),
  );

  test.each([
    ['feature_extractor.conv_layers.0.2.weight', 'feature_extractor.conv_layers.0.layer_norm.weight'],
    ['feature_extractor.conv_layers.3.2.1.bias', 'feature_extractor.conv_layers.3.layer_norm.bias'],
    ['encoder.layers.2.self_attn_layer_norm.weight', 'encoder.layers.2.layer_norm.weight'],
    [
      'encoder.layers.0.self_attn.relative_attention_bias.weight',
      'encoder.layers.0.attention.rel_attn_embed.weight',
    ],
    ['encoder.layers.2.self_attn.grep_a', 'encoder.layers.2.attention.gru_rel_pos_const'],
    ['encoder.pos_conv.0.weight_g', 'encoder.pos_conv_embed.conv.weight_g'],
    ['layer_norm.bias', 'feature_projection.layer_norm.bias'],
    ['encoder.layer_norm.bias', 'encoder.layer_norm.bias'],
  ])('names %s %s', (theirs, ours) => expect(unilmName(theirs)).toBe(ours));
});
