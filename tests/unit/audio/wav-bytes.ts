/** Builds WAV files by hand, byte for byte, for the tests. */

export interface WavOptions {
  readonly sampleRate?: number;
  readonly channels?: number;
  /** wFormatTag: 1 PCM, 3 float, 6 A-law, 7 µ-law. */
  readonly tag?: number;
  readonly bits: number;
  readonly extensible?: boolean;
  readonly rf64?: boolean;
  /** Overrides the size the data chunk declares. */
  readonly declaredBytes?: number;
  /** Chunks between the format and the data. */
  readonly extraChunk?: Uint8Array;
}

/** A RIFF chunk with its pad byte. */
export function chunk(tag: string, body: Uint8Array, declared = body.length): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + body.length + (body.length % 2));
  bytes.set(new TextEncoder().encode(tag));
  new DataView(bytes.buffer).setUint32(4, declared, true);
  bytes.set(body, 8);
  return bytes;
}

export function wavFile(data: Uint8Array, options: WavOptions): Uint8Array<ArrayBuffer> {
  const { sampleRate = 16000, channels = 1, tag = 1, bits, extensible = false, rf64 = false } = options;
  const format = new Uint8Array(extensible ? 40 : 16);
  const view = new DataView(format.buffer);
  const blockBytes = (channels * bits) / 8;
  view.setUint16(0, extensible ? 0xfffe : tag, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, sampleRate, true);
  view.setUint32(8, sampleRate * blockBytes, true);
  view.setUint16(12, blockBytes, true);
  view.setUint16(14, bits, true);
  if (extensible) {
    view.setUint16(16, 22, true);
    view.setUint16(18, bits, true);
    view.setUint16(24, tag, true);
    format.set([0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71].slice(0, 12), 28);
  }
  const sizes = new Uint8Array(28);
  new DataView(sizes.buffer).setUint32(8, options.declaredBytes ?? data.length, true);
  const parts = [
    ...(rf64 ? [chunk('ds64', sizes)] : []),
    chunk('fmt ', format),
    ...(options.extraChunk === undefined ? [] : [options.extraChunk]),
    chunk('data', data, rf64 ? 0xffffffff : (options.declaredBytes ?? data.length)),
  ];
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length);
  bytes.set(new TextEncoder().encode(rf64 ? 'RF64' : 'RIFF'));
  new DataView(bytes.buffer).setUint32(4, rf64 ? 0xffffffff : length - 8, true);
  bytes.set(new TextEncoder().encode('WAVE'), 8);
  let at = 12;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** 16-bit samples as bytes. */
export function int16Bytes(values: readonly number[] | Int16Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int16Array.from(values).buffer);
}

/** A sine of `frequency` Hz, amplitude `amplitude`, in float64 precision rounded to float32. */
export function tone(
  frequency: number,
  sampleRate: number,
  length: number,
  amplitude = 0.5,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / sampleRate),
  );
}

/** A 16-bit mono WAV of a tone. */
export function toneWav(frequency: number, sampleRate: number, length: number): Uint8Array<ArrayBuffer> {
  const samples = tone(frequency, sampleRate, length);
  return wavFile(int16Bytes(Int16Array.from(samples, (value) => Math.round(value * 32767))), {
    sampleRate,
    bits: 16,
  });
}
