import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';
import { checkpointFile } from './checkpoint-files.ts';

const golden = new URL('../fixtures/golden/', import.meta.url);

async function open(kind: string, weights: string) {
  const names = ['config.json', 'preprocessor_config.json', weights];
  return openCheckpoint(
    await Promise.all(
      names.map(async (name) =>
        checkpointFile(
          `${kind}/${name}`,
          Uint8Array.from(await readFile(new URL(`${kind}/${name}`, golden))),
        ),
      ),
    ),
  );
}

describe('checkpoints that transformers wrote', () => {
  // Tensors as transformers counts them in each model's state dictionary.
  test.each([
    ['wavlm-base', 77, false],
    ['wavlm-large', 89, true],
    ['wav2vec2-base', 67, true],
    ['wav2vec2-lv60', 86, true],
    ['hubert-base', 67, true],
    ['hubert-large', 86, true],
    ['distilhubert', 49, false],
    ['unispeech-sat-base', 67, false],
    ['unispeech-sat-large', 79, true],
    ['data2vec-audio', 86, true],
  ])('%s opens with all %i tensors', async (kind, count, doNormalize) => {
    const checkpoint = await open(kind, 'model.safetensors');
    expect(checkpoint.tensors.size).toBe(count);
    expect(checkpoint.doNormalize).toBe(doNormalize);
    expect(await weightsHash(checkpoint)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each(['wavlm-large', 'data2vec-audio'])('%s is the same as .bin and as .safetensors', async (kind) => {
    const torch = await open(kind, 'pytorch_model.bin');
    const safe = await open(kind, 'model.safetensors');
    for (const [name, entry] of safe.tensors) {
      expect(await torch.tensors.get(name)?.read()).toEqual(await entry.read());
    }
    expect(await weightsHash(torch)).toBe(await weightsHash(safe));
  });
});
