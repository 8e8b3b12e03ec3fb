/** How one uncompressed sample is stored. Integers are signed, except `uint8`. */
export type PcmEncoding =
  'uint8' | 'int8' | 'int16' | 'int24' | 'int32' | 'float32' | 'float64' | 'a-law' | 'mu-law';

/** Bytes of one stored sample. */
export const sampleBytes: Readonly<Record<PcmEncoding, number>> = {
  uint8: 1,
  int8: 1,
  int16: 2,
  int24: 3,
  int32: 4,
  float32: 4,
  float64: 8,
  'a-law': 1,
  'mu-law': 1,
};

const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Interleaved PCM bytes → mono samples, the mean of the channels. Integers are divided by 2^(bits−1), so full scale is
 * [−1, 1); floats are taken as they are. Bytes behind the last whole frame are ignored.
 */
export function decodePcm(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: PcmEncoding,
  channels: number,
  littleEndian = true,
): Float32Array<ArrayBuffer> {
  const width = sampleBytes[encoding];
  const frames = Math.floor(bytes.length / (width * channels));
  const values = sampleValues(bytes, encoding, frames * channels, littleEndian);
  return mixToMono(values.samples, channels, frames, values.scale);
}

interface StoredValues {
  readonly samples: Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  readonly scale: number;
}

function sampleValues(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: PcmEncoding,
  count: number,
  littleEndian: boolean,
): StoredValues {
  switch (encoding) {
    case 'uint8':
      return { samples: Int16Array.from(bytes.subarray(0, count), (byte) => byte - 128), scale: 1 / 128 };
    case 'int8':
      return { samples: new Int8Array(bytes.buffer, bytes.byteOffset, count), scale: 1 / 128 };
    case 'a-law':
      return { samples: companded(bytes, count, aLawTable()), scale: 1 / 32768 };
    case 'mu-law':
      return { samples: companded(bytes, count, muLawTable()), scale: 1 / 32768 };
    case 'int24':
      return { samples: int24Values(bytes, count, littleEndian), scale: 1 / 8388608 };
    case 'int16':
      return { samples: new Int16Array(aligned(bytes, count, 2, littleEndian)), scale: 1 / 32768 };
    case 'int32':
      return { samples: new Int32Array(aligned(bytes, count, 4, littleEndian)), scale: 1 / 2147483648 };
    case 'float32':
      return { samples: new Float32Array(aligned(bytes, count, 4, littleEndian)), scale: 1 };
    case 'float64':
      return { samples: new Float64Array(aligned(bytes, count, 8, littleEndian)), scale: 1 };
  }
}

/** A copy of the first `count` values in the host's byte order, aligned for a typed array. */
function aligned(bytes: Uint8Array, count: number, width: number, littleEndian: boolean): ArrayBuffer {
  const copy = bytes.slice(0, count * width);
  if (littleEndian !== hostIsLittleEndian) {
    for (let start = 0; start < copy.length; start += width) copy.subarray(start, start + width).reverse();
  }
  return copy.buffer;
}

function int24Values(bytes: Uint8Array, count: number, littleEndian: boolean): Int32Array {
  const values = new Int32Array(count);
  const low = littleEndian ? 0 : 2;
  const high = littleEndian ? 2 : 0;
  for (let i = 0, at = 0; i < count; i += 1, at += 3) {
    const packed = (bytes[at + high]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + low]! << 8);
    values[i] = packed >> 8;
  }
  return values;
}

function mixToMono(
  samples: StoredValues['samples'],
  channels: number,
  frames: number,
  scale: number,
): Float32Array<ArrayBuffer> {
  const mono = new Float32Array(frames);
  if (channels === 1) {
    for (let i = 0; i < frames; i += 1) mono[i] = samples[i]! * scale;
  } else if (channels === 2) {
    const half = scale / 2;
    for (let i = 0; i < frames; i += 1) mono[i] = (samples[2 * i]! + samples[2 * i + 1]!) * half;
  } else {
    const share = scale / channels;
    for (let i = 0, at = 0; i < frames; i += 1) {
      let sum = 0;
      for (let c = 0; c < channels; c += 1, at += 1) sum += samples[at]!;
      mono[i] = sum * share;
    }
  }
  return mono;
}

function companded(bytes: Uint8Array, count: number, table: Int16Array): Int16Array {
  const values = new Int16Array(count);
  for (let i = 0; i < count; i += 1) values[i] = table[bytes[i]!]!;
  return values;
}

let aLaw: Int16Array | undefined;
let muLaw: Int16Array | undefined;

/** ITU-T G.711 A-law, expanded to 16 bits. */
function aLawTable(): Int16Array {
  aLaw ??= Int16Array.from({ length: 256 }, (_, code) => {
    const bits = code ^ 0x55;
    const exponent = (bits >> 4) & 7;
    const mantissa = (bits & 15) << 4;
    const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
    return bits & 0x80 ? magnitude : -magnitude;
  });
  return aLaw;
}

/** ITU-T G.711 µ-law, expanded to 16 bits. */
function muLawTable(): Int16Array {
  muLaw ??= Int16Array.from({ length: 256 }, (_, code) => {
    const bits = ~code & 0xff;
    const magnitude = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
    return bits & 0x80 ? -magnitude : magnitude;
  });
  return muLaw;
}
