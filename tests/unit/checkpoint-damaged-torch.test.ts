import { describe, test } from 'vitest';
import { checkpointFile, fixtureBytes } from './checkpoint-files.ts';
import { edited, expectRefusal, indexOf, torchZip } from './checkpoint-refusals.ts';
import { dict, global, tensor, text, tuple } from './pickle-bytes.ts';

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
