import fc from 'fast-check';
import { Parser } from 'pickleparser';
import { describe, expect, test } from 'vitest';
import { MalformedPickleError, UnsafePickleError } from '../../src/encoder/checkpoint/errors.ts';
import { PickleTuple, TorchTensor } from '../../src/encoder/checkpoint/pickle-values.ts';
import type { PickleValue } from '../../src/encoder/checkpoint/pickle-values.ts';
import { unpickle } from '../../src/encoder/checkpoint/pickle.ts';
import { readEntry, readZipDirectory } from '../../src/encoder/checkpoint/zip-directory.ts';
import { fixture } from './checkpoint-files.ts';
import { dict, global, int, pickleBytes, tensor, text, tuple } from './pickle-bytes.ts';

/** A value in plain words, so that two readers can be compared. */
function plain(value: PickleValue): unknown {
  if (value instanceof Map) return [...value].map(([key, child]) => [plain(key), plain(child)]);
  if (value instanceof PickleTuple) return value.items.map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof TorchTensor)) return value;
  return tensorWords(value.storage.key, value.storage.count, value.offset, value.shape, value.strides);
}

function tensorWords(key: unknown, count: unknown, offset: unknown, shape: unknown, strides: unknown) {
  return { key, count, offset, shape, strides };
}

/** The same pickle read by an independent parser. */
function oracle(bytes: Uint8Array): unknown {
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    nameResolver: {
      resolve: (module, name) => {
        if (name === 'OrderedDict') return () => new Map();
        if (name === '_rebuild_tensor_v2') {
          return ([key, count]: unknown[], offset: unknown, shape: unknown, strides: unknown) =>
            tensorWords(key, count, offset, shape, strides);
        }
        if (name === '_rebuild_parameter') return (data: unknown) => data;
        return () => `${module}.${name}`;
      },
    },
    persistentResolver: {
      resolve: (id) => {
        const [, , key, , count] = id as unknown as unknown[];
        return [key, count];
      },
    },
  });
  const words = (value: unknown): unknown =>
    value instanceof Map
      ? [...value].map(([key, child]) => [words(key), words(child)])
      : Array.isArray(value)
        ? value.map(words)
        : value;
  return words(parser.parse(bytes));
}

test.each(['zip.bin', 'zip-bfloat16.bin', 'views.bin', 'headed.bin', 'unilm.pt'])(
  'the pickle of %s reads as an independent parser reads it',
  async (name) => {
    const file = await fixture(name);
    const entries = await readZipDirectory(file);
    const entry = [...entries.values()].find((candidate) => candidate.name.endsWith('data.pkl'));
    if (entry === undefined) throw new Error('no pickle');
    const bytes = await readEntry(file, entry);
    expect(plain(unpickle(name, bytes).value)).toEqual(oracle(bytes));
  },
);

describe('a pickle that could run something is refused, and nothing of it is run', () => {
  test.each([
    ['os.system', [global('posix', 'system'), tuple(text('touch /tmp/owned')), 'R']],
    ['eval', [global('__builtin__', 'eval'), tuple(text('1')), 'R']],
    ['a function of torch that is not needed', [global('torch', 'load'), tuple(text('x')), 'R']],
    ['a class of an allowed module', [global('collections', 'Counter'), ')', 'R']],
    ['a call of a storage class', [global('torch', 'FloatStorage'), ')', 'R']],
    ['a call of a string', [text('system'), tuple(text('x')), 'R']],
    ['the state of an object', [int(1), dict(), 'b']],
    ['STACK_GLOBAL', [text('posix'), text('system'), 0x93]],
    ['INST', ['(', 'iposix\nsystem\n']],
    ['OBJ', ['(', 'o']],
    ['NEWOBJ', [')', ')', 0x81]],
    ['EXT1', [0x82, 1]],
    ['DUP', [')', '2']],
    ['a frame of protocol 4', [0x95, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])('%s', (_name, parts) => {
    expect(() => unpickle('model.bin', pickleBytes(...parts))).toThrow(UnsafePickleError);
  });

  test('an unknown global is named in the message', () => {
    const bytes = pickleBytes(global('posix', 'system'));
    expect(() => unpickle('model.bin', bytes)).toThrow(/model\.bin names “posix\.system”/);
  });
});

describe('a pickle that makes no sense is refused', () => {
  test.each([
    ['an empty stack', ['R']],
    ['a missing mark', ['t']],
    ['a memo that was never filled', ['h', 3]],
    ['an endless name', ['c', 'x'.repeat(500)]],
    ['a text longer than the file', ['X', 255, 255, 255, 127, 'abc']],
    ['leftovers', ['N', 'N']],
    ['items of no dictionary', ['N', '(', 'N', 'N', 'u']],
    ['a tensor of no storage', [global('torch._utils', '_rebuild_tensor_v2'), tuple('N'), 'R']],
    ['a persistent id that is no storage', [text('0'), 'Q']],
    ['a negative size', [tensor({ count: 4, shape: [-1], strides: [1] })]],
    ['sizes and strides of different length', [tensor({ count: 4, shape: [2, 2], strides: [1] })]],
  ])('%s', (_name, parts) => {
    expect(() => unpickle('model.bin', pickleBytes(...parts))).toThrow(MalformedPickleError);
  });
});

test('attributes that torch sets on a state dictionary are passed over', () => {
  const metadata = dict([text('_metadata'), [global('collections', 'OrderedDict'), ')R']]);
  const { value } = unpickle(
    'model.bin',
    pickleBytes(global('collections', 'OrderedDict'), ')R', '(', text('a'), int(1), 'u', metadata, 'b'),
  );
  expect(value).toEqual(new Map([['a', 1]]));
});

test('keys like __proto__ are only keys', () => {
  const { value } = unpickle(
    'model.bin',
    pickleBytes(dict([text('__proto__'), dict([text('polluted'), int(1)])])),
  );
  expect(value).toBeInstanceOf(Map);
  expect('polluted' in {}).toBe(false);
});

test('whatever the bytes, a pickle is read or refused by name', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      try {
        unpickle('model.bin', Uint8Array.from([0x80, 2, ...tail]));
      } catch (error) {
        expect(error).toSatisfy((e) => e instanceof UnsafePickleError || e instanceof MalformedPickleError);
      }
    }),
    { numRuns: 2000 },
  );
});
