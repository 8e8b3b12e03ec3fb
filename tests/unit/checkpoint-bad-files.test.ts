import { downloadZip } from 'client-zip';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { checkpointFile, fixture, fixtureBytes, fixtureFolder } from './checkpoint-files.ts';
import { expectRefusal, torchZip } from './checkpoint-refusals.ts';
import { dict, text } from './pickle-bytes.ts';

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

test('a part of a sharded checkpoint that is missing is named', async () => {
  const files = await fixtureFolder(
    await fixture('sharded/model.safetensors.index.json', 'model.safetensors.index.json'),
  );
  await expectRefusal(files, 'CheckpointFilesError', /model-0000\d-of-00002\.safetensors/);
});
