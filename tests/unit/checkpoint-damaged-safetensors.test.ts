import { describe, test } from 'vitest';
import { checkpointFile, fixtureBytes } from './checkpoint-files.ts';
import { edited, expectRefusal, f32, safetensors } from './checkpoint-refusals.ts';

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
