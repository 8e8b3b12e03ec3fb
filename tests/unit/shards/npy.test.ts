import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeNpy, decodeNpyHeader, encodeNpy, NpyFormatError } from '../../../src/shards/npy.ts';

/** A .npy with a header and data of the test's own. */
function npy(dict: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(`${dict}\n`);
  const bytes = new Uint8Array(10 + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(header, 10);
  bytes.set(data, 10 + header.length);
  return bytes;
}

test('arrays of every type come back as they were written', () => {
  const arrays = [
    { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-40, Infinity, 5, 6) },
    { shape: [2], data: Float64Array.of(Math.PI, -0) },
    { shape: [3], data: BigInt64Array.of(-1n, 2n ** 62n, 0n) },
    { shape: [2], data: BigUint64Array.of(2n ** 64n - 1n, 1n) },
    { shape: [2], data: Int32Array.of(-(2 ** 31), 7) },
    { shape: [2], data: Uint32Array.of(2 ** 32 - 1, 7) },
    { shape: [2], data: Int16Array.of(-5, 7) },
    { shape: [2], data: Uint16Array.of(65535, 7) },
    { shape: [2], data: Int8Array.of(-5, 7) },
    { shape: [2], data: Uint8Array.of(255, 7) },
    { shape: [0, 4], data: new Float32Array(0) },
    { shape: [], data: ['{"a": 1}'] },
  ];
  for (const array of arrays) expect(decodeNpy(encodeNpy(array))).toEqual(array);
});

test('any text survives, also outside the basic plane, empty, and of unequal length', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
      const data = texts.map((text) => text.replace(/\0+$/, ''));
      expect(decodeNpy(encodeNpy({ shape: [data.length], data })).data).toEqual(data);
    }),
  );
  const data = ['007', '', '𝄞 ünï/😀.wav', '日本語'];
  expect(decodeNpy(encodeNpy({ shape: [4], data }))).toEqual({ shape: [4], data });
});

test('the header is as numpy writes it: one-element shapes keep their comma, data begin at a multiple of 64', () => {
  const bytes = encodeNpy({ shape: [3], data: Float32Array.of(1, 2, 3) });
  const text = new TextDecoder('latin1').decode(bytes);
  expect(text).toContain("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }");
  const header = decodeNpyHeader(bytes);
  expect(header).toMatchObject({ shape: [3], descr: '<f4', fortranOrder: false, itemSizeBytes: 4 });
  expect(header.dataOffset % 64).toBe(0);
});

test('Fortran order, big-endian numbers, float16 and byte strings of other writers are read', () => {
  const fortran = npy(
    "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }",
    new Uint8Array(Int32Array.of(0, 3, 1, 4, 2, 5).buffer),
  );
  expect(decodeNpy(fortran)).toEqual({ shape: [2, 3], data: Int32Array.of(0, 1, 2, 3, 4, 5) });
  const big = npy(
    "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }",
    Uint8Array.of(0, 0, 1, 2, 255, 255, 255, 254),
  );
  expect(decodeNpy(big).data).toEqual(Int32Array.of(258, -2));
  const half = npy(
    "{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }",
    Uint8Array.of(0, 0x3c, 0, 0xc2, 1, 0),
  );
  expect(decodeNpy(half).data).toEqual(Float32Array.of(1, -3, 2 ** -24));
  const strings = npy(
    "{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }",
    new TextEncoder().encode('ab\0xyz'),
  );
  expect(decodeNpy(strings).data).toEqual(['ab', 'xyz']);
});

test('pickled objects, foreign bytes and cut-off arrays are refused by name', () => {
  const pickled = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", new Uint8Array(4));
  expect(() => decodeNpy(pickled)).toThrow(/pickled Python objects/);
  expect(() => decodeNpy(new TextEncoder().encode('RIFF....WAVEfmt '))).toThrow(NpyFormatError);
  const whole = encodeNpy({ shape: [8], data: new Float32Array(8) });
  expect(() => decodeNpy(whole.subarray(0, whole.length - 1))).toThrow(/cut off/);
  expect(() => decodeNpy(whole.subarray(0, 40))).toThrow(/cut off/);
  expect(() => encodeNpy({ shape: [2, 2], data: new Float32Array(3) })).toThrow(NpyFormatError);
});
