import { PlaygroundError } from '../lib/errors.ts';

/**
 * The .npy format, versions 1–3 (numpy/lib/format.py): magic, version, header length, a Python dict literal, then the
 * elements in C order. Written here: little-endian numbers and fixed-width unicode, so that
 * `numpy.load(..., allow_pickle=False)` opens it.
 */
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/** An array in C order; `[]` as shape is a single value. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: NpyData;
}

export interface NpyHeader {
  /** Type in numpy's notation: `<f4`, `<i8`, `<U12`… */
  readonly descr: string;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** Where the elements begin. */
  readonly dataOffset: number;
  readonly itemSizeBytes: number;
}

/** The bytes are no .npy array, or one of a type that cannot be read. */
export class NpyFormatError extends PlaygroundError {
  override readonly name: string = 'NpyFormatError';
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const ALIGNMENT = 64;
/** Enough for every header that {@link encodeNpyHeader} writes and for nearly all of numpy's. */
export const NPY_HEADER_GUESS_BYTES = 256;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Header of version 1.0, a multiple of 64 bytes long. */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const total = Math.ceil((10 + dict.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new TextEncoder().encode(' '.repeat(10) + dict.padEnd(total - 11) + '\n');
  bytes.set(MAGIC);
  bytes[6] = 1;
  bytes[7] = 0;
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  return bytes;
}

/** numpy's name of the type that {@link encodeNpyData} writes. */
export function npyDescr(data: NpyData): string {
  if (isTexts(data)) return `<U${data.reduce((longest, text) => Math.max(longest, codePoints(text)), 1)}`;
  if (data instanceof Float32Array) return '<f4';
  if (data instanceof Float64Array) return '<f8';
  if (data instanceof Int32Array) return '<i4';
  if (data instanceof BigInt64Array) return '<i8';
  if (data instanceof Uint8Array) return '|u1';
  if (data instanceof Int8Array) return '|i1';
  if (data instanceof Int16Array) return '<i2';
  if (data instanceof Uint16Array) return '<u2';
  if (data instanceof Uint32Array) return '<u4';
  return '<u8';
}

/** Texts as `descr` (`<U12`…) says: each as long, in code points of 32 bits. */
export function encodeNpyText(texts: readonly string[], descr: string): Uint8Array<ArrayBuffer> {
  const width = Number(descr.slice(2));
  const units = new Uint32Array(texts.length * width);
  texts.forEach((text, row) => {
    let column = row * width;
    for (const character of text) units[column++] = character.codePointAt(0)!;
  });
  return new Uint8Array(units.buffer);
}

/** Elements as bytes; numbers are a view, not a copy (typed arrays are little-endian on every browser's platform). */
export function encodeNpyData(data: NpyData): Uint8Array {
  if (isTexts(data)) return encodeNpyText(data, npyDescr(data));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** @throws NpyFormatError when there are more or fewer elements than the shape holds */
export function requireShape({ shape, data }: NpyArray): void {
  if (elementCount(shape) !== data.length)
    throw new NpyFormatError(`Shape [${shape.join(', ')}] does not hold ${data.length} elements.`);
}

/** Header and elements of a .npy, the elements not copied where they are numbers. */
export function npyParts(array: NpyArray): readonly [header: Uint8Array, data: Uint8Array] {
  requireShape(array);
  return [encodeNpyHeader(npyDescr(array.data), array.shape), encodeNpyData(array.data)];
}

export function encodeNpy(array: NpyArray): Uint8Array<ArrayBuffer> {
  const [header, data] = npyParts(array);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}

/** Bytes of header that must be at hand for {@link decodeNpyHeader}, or null when more than `bytes` is needed to say. */
export function npyHeaderSizeBytes(bytes: Uint8Array): number | null {
  if (bytes.length < 12) return null;
  if (MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new NpyFormatError('This is no .npy array: its first bytes are not those of the format.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return bytes[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
}

/** @throws {NpyFormatError} when the header is damaged or names a type that cannot be read (pickled objects, structs). */
export function decodeNpyHeader(bytes: Uint8Array): NpyHeader {
  const dataOffset = npyHeaderSizeBytes(bytes);
  if (dataOffset === null || dataOffset > bytes.length)
    throw new NpyFormatError('The .npy array ends within its header: the file is cut off.');
  const text = new TextDecoder().decode(bytes.subarray(bytes[6] === 1 ? 10 : 12, dataOffset));
  const descr = /'descr'\s*:\s*'([^']+)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shapeText = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || shapeText === undefined)
    throw new NpyFormatError(`The header of the .npy array cannot be read: ${text.trim().slice(0, 120)}`);
  const shape = shapeText
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
    .map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0))
    throw new NpyFormatError(`The header of the .npy array names an impossible shape: (${shapeText}).`);
  return { descr, shape, fortranOrder: fortran === 'True', dataOffset, itemSizeBytes: itemSize(descr) };
}

/** Reads a whole .npy; arrays in Fortran order come back in C order, booleans as 0 and 1, float16 widened. */
export function decodeNpy(bytes: Uint8Array): NpyArray {
  const header = decodeNpyHeader(bytes);
  const { shape, descr, fortranOrder } = header;
  const data = decodeNpyData(bytes.subarray(header.dataOffset), descr, elementCount(shape));
  return { shape, data: fortranOrder && shape.length > 1 ? toRowMajor(data, shape) : data };
}

/** The first `count` elements of `bytes`, copied. */
export function decodeNpyData(bytes: Uint8Array, descr: string, count: number): NpyData {
  const size = itemSize(descr) * count;
  if (bytes.length < size)
    throw new NpyFormatError(`The .npy array is cut off: ${bytes.length} bytes of data instead of ${size}.`);
  const copy = bytes.slice(0, size);
  const kind = descr.slice(1);
  if (kind.startsWith('S')) return decodeBytes(copy, Number(kind.slice(1)), count);
  if (descr.startsWith('>')) reverseItems(copy, kind.startsWith('U') ? 4 : itemSize(descr));
  const buffer = copy.buffer;
  if (kind.startsWith('U')) return decodeUnicode(new Uint32Array(buffer), Number(kind.slice(1)), count);
  switch (kind) {
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer), widenHalf);
    case 'f4':
      return new Float32Array(buffer);
    case 'f8':
      return new Float64Array(buffer);
    case 'i1':
      return new Int8Array(buffer);
    case 'i2':
      return new Int16Array(buffer);
    case 'i4':
      return new Int32Array(buffer);
    case 'i8':
      return new BigInt64Array(buffer);
    case 'u2':
      return new Uint16Array(buffer);
    case 'u4':
      return new Uint32Array(buffer);
    case 'u8':
      return new BigUint64Array(buffer);
    default:
      return copy;
  }
}

function itemSize(descr: string): number {
  const match = /^([<>|=])(?:([fiu])(1|2|4|8)|(b)1|([US])(\d+))$/.exec(descr);
  if (!match || (match[2] === 'f' && match[3] === '1'))
    throw new NpyFormatError(
      descr.endsWith('O')
        ? 'The .npy array holds pickled Python objects, which are never opened here. Save it as numbers or fixed-width strings.'
        : `The .npy array has the type ${descr}, which is not read here. Save it as numbers or fixed-width strings.`,
    );
  if (match[3]) return Number(match[3]);
  if (match[4]) return 1;
  return Number(match[6]) * (match[5] === 'U' ? 4 : 1);
}

export function isTexts(data: NpyData): data is readonly string[] {
  return Array.isArray(data);
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i += 1)
    if (text.codePointAt(i)! > 0xffff) {
      count -= 1;
      i += 1;
    }
  return count;
}

function decodeUnicode(units: Uint32Array, width: number, count: number): string[] {
  return Array.from({ length: count }, (_, row) => {
    let end = (row + 1) * width;
    while (end > row * width && units[end - 1] === 0) end -= 1;
    // In one piece, not character by character: V8 keeps a string that was added up as a tree of its parts.
    let text = '';
    for (let at = row * width; at < end; at += 4096) {
      const piece = units.subarray(at, Math.min(at + 4096, end));
      if (piece.some((unit) => unit > 0x10ffff))
        throw new NpyFormatError('The .npy array holds text that is no unicode.');
      text += String.fromCodePoint(...piece);
    }
    return text;
  });
}

function decodeBytes(bytes: Uint8Array, width: number, count: number): string[] {
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, row) => {
    let end = (row + 1) * width;
    while (end > row * width && bytes[end - 1] === 0) end -= 1;
    return decoder.decode(bytes.subarray(row * width, end));
  });
}

function reverseItems(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** IEEE 754 binary16 → number. */
function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

function toRowMajor(data: NpyData, shape: readonly number[]): NpyData {
  const count = data.length;
  const sources = new Uint32Array(count);
  for (let target = 0; target < count; target += 1) {
    let rest = target;
    let stride = count;
    let source = 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const size = shape[axis]!;
      stride /= size;
      source += (rest % size) * stride;
      rest = Math.floor(rest / size);
    }
    sources[target] = source;
  }
  if (isTexts(data)) return Array.from(sources, (source) => data[source]!);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return data.map((_, target) => data[sources[target]!]!);
  return data.map((_, target) => data[sources[target]!]!);
}
