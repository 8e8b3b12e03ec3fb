import { downloadZip } from 'client-zip';
import { describe, expect, test } from 'vitest';
import type { CheckpointFile } from '../../src/encoder/checkpoint/file-bytes.ts';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';
import { checkpointFile, fixture, fixtureBytes, fixtureFolder } from './checkpoint-files.ts';
import { dict, global, pickleBytes, tensor, text, tuple } from './pickle-bytes.ts';
import type { PicklePart } from './pickle-bytes.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Opens the fixture's folder around one weights file and reads every tensor; gives back the error. */
async function openAndRead(file: CheckpointFile | readonly CheckpointFile[]): Promise<unknown> {
  try {
    await weightsHash(await openCheckpoint('path' in file ? await fixtureFolder(file) : file));
  } catch (error) {
    return error;
  }
  return null;
}

async function expectRefusal(
  file: CheckpointFile | readonly CheckpointFile[],
  name: string,
  message = /./,
): Promise<void> {
  const error = await openAndRead(file);
  expect(error).toMatchObject({ name });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toMatch(/[.)…]$/);
}

function safetensors(header: unknown, data: number | Bytes = 0): CheckpointFile {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const values = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(values, 8 + json.length);
  return checkpointFile('model.safetensors', bytes);
}

const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

async function torchZip(
  pickle: readonly PicklePart[],
  storages: Readonly<Record<string, Bytes>> = {},
  more: Readonly<Record<string, string>> = {},
): Promise<CheckpointFile> {
  const entries = [
    { name: 'archive/data.pkl', input: pickleBytes(...pickle) },
    ...Object.entries(storages).map(([key, input]) => ({ name: `archive/data/${key}`, input })),
    ...Object.entries(more).map(([name, input]) => ({ name: `archive/${name}`, input })),
  ];
  return checkpointFile('pytorch_model.bin', new Uint8Array(await downloadZip(entries).arrayBuffer()));
}

/** A copy with one edit. */
async function edited(name: string, path: string, edit: (bytes: Bytes, view: DataView) => void) {
  const bytes = await fixtureBytes(name);
  edit(bytes, new DataView(bytes.buffer));
  return checkpointFile(path, bytes);
}

function indexOf(bytes: Bytes, needle: string, from = 0): number {
  const found = Buffer.from(bytes.buffer).indexOf(needle, from, 'latin1');
  if (found < 0) throw new Error(`no ${needle}`);
  return found;
}

describe('what is not a checkpoint at all', () => {
  test('an empty file', () =>
    expectRefusal(checkpointFile('model.safetensors', ''), 'TruncatedCheckpointError', /is empty/));

  test.each(['model.safetensors', 'pytorch_model.bin'])('a Git LFS pointer as %s', (path) =>
    expectRefusal(
      checkpointFile(
        path,
        'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 1261990257\n',
      ),
      'GitLfsPointerError',
      /1261990257 bytes.*git lfs pull/,
    ),
  );

  test('an HTML error page', () =>
    expectRefusal(
      checkpointFile('pytorch_model.bin', '<!DOCTYPE html><html><body>404</body></html>'),
      'HtmlPageError',
    ));

  test('an HTML page as config.json', async () =>
    expectRefusal(
      [
        checkpointFile('config.json', '\n<html></html>'),
        await fixture('float32.safetensors', 'model.safetensors'),
      ],
      'HtmlPageError',
    ));

  test('text', () =>
    expectRefusal(
      checkpointFile('pytorch_model.bin', 'these are no weights at all'),
      'UnrecognisedWeightsError',
    ));

  test('TensorFlow weights under the name of PyTorch’s', () =>
    expectRefusal(
      checkpointFile('pytorch_model.bin', Uint8Array.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])),
      'UnsupportedCheckpointError',
      /TensorFlow/,
    ));

  test('a folder with weights for other libraries only', async () =>
    expectRefusal(
      [await fixture('config.json'), checkpointFile('tf_model.h5', 'x')],
      'UnsupportedCheckpointError',
      /tf_model\.h5/,
    ));

  test('a folder without weights', async () =>
    expectRefusal([await fixture('config.json')], 'CheckpointFilesError'));

  test('weights without config.json', async () =>
    expectRefusal([await fixture('zip.bin')], 'CheckpointFilesError', /config\.json/));

  test('a folder without preprocessor_config.json', async () =>
    expectRefusal(
      [await fixture('config.json'), await fixture('zip.bin')],
      'CheckpointFilesError',
      /preprocessor_config\.json/,
    ));

  test('several checkpoints at once', async () =>
    expectRefusal(
      [
        await fixture('config.json', 'a/config.json'),
        await fixture('zip.bin', 'a/model.bin'),
        await fixture('config.json', 'b/config.json'),
        await fixture('zip.bin', 'b/model.bin'),
      ],
      'CheckpointFilesError',
      /several checkpoints/,
    ));
});

test('a training run’s folder opens as its outer checkpoint', async () => {
  const checkpoint = async (folder: string, weights: string) => [
    await fixture('config.json', `${folder}/config.json`),
    await fixture('preprocessor_config.json', `${folder}/preprocessor_config.json`),
    await fixture(weights, `${folder}/pytorch_model.bin`),
    checkpointFile(`${folder}/optimizer.pt`, 'x'),
    checkpointFile(`${folder}/training_args.bin`, 'x'),
  ];
  const files = [
    ...(await checkpoint('run/checkpoint-500', 'zip-float16.bin')),
    ...(await checkpoint('run', 'zip.bin')),
  ];
  const opened = await openCheckpoint(files);
  expect(opened.tensors.get('encoder.layer_norm.bias')?.dtype).toBe('F32');
});

describe('checkpoints of another kind', () => {
  const json = (value: unknown, path = 'config.json') => checkpointFile(path, JSON.stringify(value));

  test.each(['bert', 'whisper', 'wav2vec2-bert', 'wav2vec2-conformer', 'sew'])('%s', async (modelType) =>
    expectRefusal(
      [json({ model_type: modelType }), await fixture('zip.bin', 'pytorch_model.bin')],
      'UnsupportedEncoderError',
      new RegExp(modelType),
    ),
  );

  test('features that are no waveform', async () =>
    expectRefusal(
      [
        await fixture('config.json'),
        json({ feature_extractor_type: 'WhisperFeatureExtractor' }, 'preprocessor_config.json'),
        await fixture('zip.bin', 'pytorch_model.bin'),
      ],
      'UnsupportedCheckpointError',
      /WhisperFeatureExtractor/,
    ));

  test('another sample rate', async () =>
    expectRefusal(
      [
        await fixture('config.json'),
        json({ do_normalize: true, sampling_rate: 8000 }, 'preprocessor_config.json'),
        await fixture('zip.bin', 'pytorch_model.bin'),
      ],
      'UnsupportedCheckpointError',
      /8000 Hz/,
    ));

  test('a config.json that is not JSON', async () =>
    expectRefusal(
      [checkpointFile('config.json', '{"model_type":'), await fixture('zip.bin', 'pytorch_model.bin')],
      'MalformedJsonError',
    ));

  test('the right files of two different sizes of a model', async () => {
    const config = JSON.parse(new TextDecoder().decode(await fixtureBytes('config.json'))) as object;
    await expectRefusal(
      [
        json({ ...config, intermediate_size: 16 }),
        await fixture('preprocessor_config.json'),
        await fixture('zip.bin', 'pytorch_model.bin'),
      ],
      'TensorShapeError',
      /\[12, 8\]; config\.json asks for \[16, 8\]/,
    );
  });

  test('a TorchScript program', async () =>
    expectRefusal(
      await torchZip([dict()], {}, { 'constants.pkl': 'x' }),
      'UnsupportedCheckpointError',
      /TorchScript/,
    ));

  test('a zip that is no torch file', async () => {
    const zip = await downloadZip([{ name: 'notes.txt', input: 'hello' }]).arrayBuffer();
    await expectRefusal(
      checkpointFile('pytorch_model.bin', new Uint8Array(zip)),
      'UnsupportedCheckpointError',
    );
  });

  test('a torch file of no state dictionary', async () =>
    expectRefusal(await torchZip([text('hello')]), 'UnsupportedCheckpointError'));
});

describe('damaged safetensors', () => {
  test.each([4, 100, 9000, 15767])('cut off after %i bytes', async (size) => {
    const bytes = await fixtureBytes('float32.safetensors');
    await expectRefusal(
      checkpointFile('model.safetensors', bytes.slice(0, size)),
      'TruncatedCheckpointError',
    );
  });

  test.each([
    ['a huge header length', 0xffffffffffffffffn],
    ['a header just over the limit', 100_000_001n],
  ])('%s', (_name, length) => {
    const bytes = new Uint8Array(64).fill(0x7b);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return expectRefusal(
      checkpointFile('model.safetensors', bytes),
      'SafetensorsHeaderError',
      /header of more than/,
    );
  });

  test.each([
    ['no JSON', '{"a": '],
    ['not an object', '["a"]'],
    [
      'a name twice',
      '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
    ],
    ['metadata of no text', { __metadata__: { a: 1 } }],
    ['a tensor that is null', { a: null }],
    ['a negative size', { a: f32([-1], 0, 4) }],
    ['a fractional offset', { a: f32([1], 0, 4.5) }],
  ])('a header with %s', (_name, header) => expectRefusal(safetensors(header, 4), 'SafetensorsHeaderError'));

  test('an unknown type', () =>
    expectRefusal(
      safetensors({ a: { dtype: 'F4', shape: [1], data_offsets: [0, 1] } }, 1),
      'UnsupportedDtypeError',
    ));

  test.each([
    ['overlapping ranges', { a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12],
    ['a gap', { a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12],
    ['a range that ends before it starts', { a: f32([1], 4, 0) }, 4],
    ['bytes that no tensor owns', { a: f32([1], 0, 4) }, 8],
  ])('%s', (_name, header, size) => expectRefusal(safetensors(header, size), 'TensorOffsetsError'));

  test('a range outside the file', () =>
    expectRefusal(
      safetensors({ a: f32([1000], 0, 4000) }, 8),
      'TruncatedCheckpointError',
      /4000|4\d\d\d bytes/,
    ));

  test('a shape that does not fit its range', () =>
    expectRefusal(safetensors({ a: f32([3], 0, 8) }, 8), 'TensorSizeError', /shape \[3\], 12 bytes/));

  test('missing tensors', () =>
    expectRefusal(
      safetensors({ 'encoder.layer_norm.bias': f32([8], 0, 32) }, 32),
      'MissingTensorError',
      /lacks \d+ of the tensors/,
    ));

  test('no tensor of the encoder', () =>
    expectRefusal(
      safetensors({ 'bert.x': f32([8], 0, 32) }, 32),
      'MissingTensorError',
      /None of the 1 tensors/,
    ));

  test.each([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('a weight that is %s', async (_name, value) =>
    expectRefusal(
      await edited('float32.safetensors', 'model.safetensors', (bytes, view) =>
        view.setFloat32(bytes.length - 40, value, true),
      ),
      'NonFiniteTensorError',
      /at position \d+/,
    ),
  );
});

describe('damaged torch files', () => {
  test.each([10, 20_000, 28_000, 28_256])('a zip cut off after %i bytes', async (size) => {
    const bytes = await fixtureBytes('zip.bin');
    await expectRefusal(
      checkpointFile('pytorch_model.bin', bytes.slice(0, size)),
      'TruncatedCheckpointError',
    );
  });

  test.each([30, 5000, 12_000, 19_000])('a legacy file cut off after %i bytes', async (size) => {
    const bytes = await fixtureBytes('legacy.bin');
    await expectRefusal(
      checkpointFile('pytorch_model.bin', bytes.slice(0, size)),
      'TruncatedCheckpointError',
    );
  });

  test('a zip whose start is lost', async () => {
    const bytes = await fixtureBytes('zip.bin');
    bytes.copyWithin(64, 128);
    await expectRefusal(checkpointFile('pytorch_model.bin', bytes.slice(0, -64)), 'MalformedZipError');
  });

  test('a compressed entry', async () =>
    expectRefusal(
      await edited('zip.bin', 'pytorch_model.bin', (bytes, view) =>
        view.setUint16(indexOf(bytes, 'PK\x01\x02') + 10, 8, true),
      ),
      'CompressedZipEntryError',
      /data\.pkl/,
    ));

  test('big-endian values', async () =>
    expectRefusal(await torchZip([dict()], {}, { byteorder: 'big' }), 'BigEndianError'));

  test('an unknown byte order', async () =>
    expectRefusal(await torchZip([dict()], {}, { byteorder: 'middle' }), 'MalformedZipError'));

  test('an unknown global', async () =>
    expectRefusal(
      await torchZip([global('posix', 'system'), tuple(text('true')), 'R']),
      'UnsafePickleError',
      /posix\.system/,
    ));

  test('a storage that is not there', async () =>
    expectRefusal(
      await torchZip([dict([text('a'), tensor({ key: '7', count: 2, shape: [2], strides: [1] })])]),
      'MalformedZipError',
      /storage 7/,
    ));

  test.each([
    ['more values than the storage has', { count: 2, shape: [3], strides: [1] }],
    ['an offset outside', { count: 2, offset: 2, shape: [1], strides: [1] }],
    ['strides that leave it', { count: 2, shape: [2], strides: [2] }],
    ['a stride of 0 that repeats one value without end', { count: 2, shape: [1_000_000_000], strides: [0] }],
    ['a count of values that its bytes do not hold', { count: 4, shape: [2], strides: [1] }],
  ])('%s', async (_name, options) =>
    expectRefusal(
      await torchZip([dict([text('a'), tensor(options)])], { 0: new Uint8Array(8) }),
      'TensorSizeError',
    ),
  );

  test('integers in place of weights', async () =>
    expectRefusal(
      await torchZip(
        [
          dict([
            text('masked_spec_embed'),
            tensor({ count: 8, shape: [8], strides: [1], storage: 'IntStorage' }),
          ]),
        ],
        { 0: new Uint8Array(32) },
      ),
      'MissingTensorError',
    ));

  test('the same tensor with and without its prefix', async () => {
    const one = tensor({ count: 8, shape: [8], strides: [1] });
    await expectRefusal(
      await torchZip([dict([text('masked_spec_embed'), one], [text('wavlm.masked_spec_embed'), one])], {
        0: new Uint8Array(32),
      }),
      'DuplicateTensorError',
    );
  });
});

test('a part of a sharded checkpoint that is missing is named', async () => {
  const files = await fixtureFolder(
    await fixture('sharded/model.safetensors.index.json', 'model.safetensors.index.json'),
  );
  await expectRefusal(files, 'CheckpointFilesError', /model-0000\d-of-00002\.safetensors/);
});
