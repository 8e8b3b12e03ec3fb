import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { hashing, weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';
import { fixture, fixtureBytes, fixtureFolder } from './checkpoint-files.ts';

async function open(weights: string, path: string) {
  return openCheckpoint(await fixtureFolder(await fixture(weights, path)));
}

const reference = await open('float32.safetensors', 'model.safetensors');
const referenceHash = await weightsHash(reference);

test.each([
  ['float16.safetensors', 'model.safetensors', 'F16'],
  ['bfloat16.safetensors', 'model.safetensors', 'BF16'],
  ['float64.safetensors', 'model.safetensors', 'F64'],
  ['zip.bin', 'pytorch_model.bin', 'F32'],
  ['zip64.bin', 'pytorch_model.bin', 'F32'],
  ['zip-float16.bin', 'pytorch_model.bin', 'F16'],
  ['zip-bfloat16.bin', 'pytorch_model.bin', 'BF16'],
  ['legacy.bin', 'pytorch_model.bin', 'F32'],
  ['views.bin', 'pytorch_model.bin', 'F32'],
  ['legacy-views.bin', 'pytorch_model.bin', 'F32'],
  ['headed.bin', 'pytorch_model.bin', 'F32'],
  ['zip.bin', 'model.safetensors', 'F32'],
  ['float32.safetensors', 'anything.ckpt', 'F32'],
])('%s, named %s, holds the same tensors as float32 safetensors', async (name, path, dtype) => {
  const checkpoint = await open(name, path);
  expect([...checkpoint.tensors.keys()]).toEqual([...reference.tensors.keys()]);
  for (const [tensor, entry] of checkpoint.tensors) {
    const expected = reference.tensors.get(tensor);
    expect(entry.shape).toEqual(expected?.shape);
    expect(entry.dtype).toBe(dtype);
    expect(await entry.read()).toEqual(await expected?.read());
  }
  expect(await weightsHash(checkpoint)).toBe(referenceHash);
});

test('an original WavLM .pt alone gives the same config, tensors and hash as the Hugging Face folder', async () => {
  const checkpoint = await openCheckpoint([await fixture('unilm.pt', 'WavLM-Tiny.pt')]);
  expect(checkpoint.config).toEqual(reference.config);
  expect(checkpoint.doNormalize).toBe(true);
  expect(await weightsHash(checkpoint)).toBe(referenceHash);
});

test('a sharded safetensors folder is put together by its index', async () => {
  const checkpoint = await openCheckpoint([
    await fixture('config.json', 'folder/config.json'),
    await fixture('preprocessor_config.json', 'folder/preprocessor_config.json'),
    ...(await Promise.all(
      [
        'model.safetensors.index.json',
        'model-00001-of-00002.safetensors',
        'model-00002-of-00002.safetensors',
      ].map((name) => fixture(`sharded/${name}`, `folder/${name}`)),
    )),
  ]);
  expect(await weightsHash(checkpoint)).toBe(referenceHash);
});

test('opening reads no weights, and a tensor reads only its own bytes', async () => {
  const read: number[] = [];
  class RecordingBlob extends Blob {
    override slice(start = 0, end = this.size): Blob {
      read.push(end - start);
      return super.slice(start, end);
    }
  }
  const blob = new RecordingBlob([await fixtureBytes('float32.safetensors')]);
  const file = { path: 'model.safetensors', blob };
  const checkpoint = await openCheckpoint(await fixtureFolder(file));
  const header = read.splice(0).reduce((sum, size) => sum + size, 0);
  expect(header).toBeLessThan(file.blob.size / 2);
  await checkpoint.tensors.get('encoder.layers.0.attention.q_proj.weight')?.read();
  expect(read).toEqual([8 * 8 * 4]);
});

test('weights hashed on their way to the device are read once, in any order', async () => {
  let reads = 0;
  const tensors = new Map(
    [...reference.tensors].map(([name, entry]) => [
      name,
      {
        ...entry,
        read: () => {
          reads += 1;
          return entry.read();
        },
      },
    ]),
  );
  const { checkpoint, hash } = hashing({ ...reference, tensors });
  for (const entry of [...checkpoint.tensors.values()].toReversed().slice(5)) {
    // A reader may take the buffer away at once.
    structuredClone(null, { transfer: [(await entry.read()).buffer as ArrayBuffer] });
  }
  expect(await hash()).toBe(referenceHash);
  expect(reads).toBe(reference.tensors.size);
});

test('the hash changes with one value, with the normalisation and with a number of the config', async () => {
  const name = 'encoder.layer_norm.bias';
  const entry = reference.tensors.get(name);
  if (entry === undefined) throw new Error('no such tensor');
  const tensors = new Map(reference.tensors).set(name, {
    ...entry,
    read: async () => (await entry.read()).map((value, i) => (i === 3 ? value + 1e-7 : value)),
  });
  const config = { ...reference.config, layerNormEps: 1e-6 };
  const hashes = await Promise.all([
    weightsHash({ ...reference, tensors }),
    weightsHash({ ...reference, doNormalize: false }),
    weightsHash({ ...reference, config }),
  ]);
  expect(new Set([referenceHash, ...hashes]).size).toBe(4);
});
