import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAudio } from '../../../src/audio/decode.ts';
import { probeAudio } from '../../../src/audio/probe.ts';
import { PlaygroundError } from '../../../src/lib/errors.ts';
import { chunk, int16Bytes, toneWav, wavFile } from './wav-bytes.ts';

const decode = (bytes: Uint8Array<ArrayBuffer>, path = 'clip.wav') =>
  decodeAudio(new Blob([bytes]), { path });
const samplesOf = async (bytes: Uint8Array<ArrayBuffer>) => [...(await decode(bytes)).samples];
const bytesOf = (view: ArrayBufferView<ArrayBuffer>) => new Uint8Array(view.buffer);
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (reason: unknown) => reason,
  );

describe('every sample width of WAV', () => {
  test('8 bits are unsigned around 128', async () => {
    expect(await samplesOf(wavFile(Uint8Array.of(0, 128, 255), { bits: 8 }))).toEqual([-1, 0, 127 / 128]);
  });

  test('16 bits', async () => {
    const file = wavFile(int16Bytes([-32768, 0, 16384, 32767]), { bits: 16 });
    expect(await samplesOf(file)).toEqual([-1, 0, 0.5, 32767 / 32768]);
  });

  test('24 bits', async () => {
    const file = wavFile(Uint8Array.of(0, 0, 0x80, 0, 0, 0x40, 1, 0, 0, 0xff, 0xff, 0xff), { bits: 24 });
    expect(await samplesOf(file)).toEqual([-1, 0.5, 2 ** -23, -(2 ** -23)]);
  });

  test('32 bits', async () => {
    const file = wavFile(bytesOf(Int32Array.of(-(2 ** 31), 2 ** 30, 1)), { bits: 32 });
    expect(await samplesOf(file)).toEqual([-1, 0.5, 2 ** -31]);
  });

  test('float 32 and 64', async () => {
    const values = [0.25, -1.5, 0];
    expect(await samplesOf(wavFile(bytesOf(Float32Array.from(values)), { bits: 32, tag: 3 }))).toEqual(
      values,
    );
    expect(await samplesOf(wavFile(bytesOf(Float64Array.from(values)), { bits: 64, tag: 3 }))).toEqual(
      values,
    );
  });

  test('A-law and µ-law by the tables of G.711', async () => {
    // ITU-T G.711: the largest, the smallest and a middle code of each sign.
    const aLaw = wavFile(Uint8Array.of(0xaa, 0x2a, 0xd5, 0x55, 0x80), { bits: 8, tag: 6 });
    expect((await samplesOf(aLaw)).map((value) => value * 32768)).toEqual([32256, -32256, 8, -8, 5504]);
    const muLaw = wavFile(Uint8Array.of(0x80, 0x00, 0xff, 0x7f, 0x8f), { bits: 8, tag: 7 });
    expect((await samplesOf(muLaw)).map((value) => value * 32768)).toEqual([32124, -32124, 0, 0, 16764]);
  });

  test('channels are averaged', async () => {
    const stereo = wavFile(int16Bytes([16384, 0, -16384, -16384]), { bits: 16, channels: 2 });
    expect(await samplesOf(stereo)).toEqual([0.25, -0.5]);
    const four = wavFile(int16Bytes([16384, 16384, 0, 0]), { bits: 16, channels: 4 });
    expect(await samplesOf(four)).toEqual([0.25]);
  });

  test('extensible, RF64, and a chunk of odd length before the data', async () => {
    const data = int16Bytes([16384, -16384, 8192]);
    const expected = [0.5, -0.5, 0.25];
    expect(await samplesOf(wavFile(data, { bits: 16, extensible: true }))).toEqual(expected);
    expect(await samplesOf(wavFile(data, { bits: 16, rf64: true }))).toEqual(expected);
    const extraChunk = chunk('LIST', new Uint8Array(5001).fill(7));
    expect(await samplesOf(wavFile(data, { bits: 16, extraChunk }))).toEqual(expected);
  });

  test('the sizes of a recording that was never closed mean: to the end', async () => {
    const data = int16Bytes([16384, -16384, 8192]);
    for (const declaredBytes of [0xffffffff, 0x7ffff000]) {
      expect(await samplesOf(wavFile(data, { bits: 16, declaredBytes }))).toEqual([0.5, -0.5, 0.25]);
    }
  });
});

describe('probing a WAV', () => {
  test('tells rate, channels, codec and duration without reading the samples', async () => {
    const data = new Uint8Array(2 * 2 * 44100);
    const file = new Blob([wavFile(data, { bits: 16, channels: 2, sampleRate: 44100 })]);
    const reads: number[] = [];
    const spy = new Proxy(file, {
      get: (target, key) => {
        if (key === 'size') return target.size;
        return (start: number, end: number) => {
          reads.push(Math.min(end, target.size) - start);
          return target.slice(start, end);
        };
      },
    });
    expect(await probeAudio(spy, 'a.wav')).toEqual({
      container: 'WAV',
      codec: 'PCM 16 bit',
      sampleRate: 44100,
      channels: 2,
      frames: 44100,
      durationSec: 1,
    });
    expect(reads).toEqual([4096]);
  });
});

describe('bad WAV files', () => {
  const whole = toneWav(440, 16000, 16000);
  const cases: readonly (readonly [string, Uint8Array<ArrayBuffer>, string])[] = [
    ['an empty file', new Uint8Array(0), 'EmptyAudioError'],
    ['a header without samples', wavFile(new Uint8Array(0), { bits: 16 }), 'EmptyAudioError'],
    ['a file cut in its samples', whole.slice(0, 20_000), 'TruncatedAudioError'],
    ['a file cut in its header', whole.slice(0, 30), 'TruncatedAudioError'],
    ['text', new TextEncoder().encode('path,label\n'.repeat(20)), 'NotAudioError'],
    ['zeros', new Uint8Array(5000), 'NotAudioError'],
    ['noise', Uint8Array.from({ length: 9000 }, (_, i) => (i * 7919 + 13) % 251), 'NotAudioError'],
    ['a PNG picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), 'NotAudioError'],
    ['0.01 s', toneWav(440, 16000, 160), 'TooShortAudioError'],
    ['Microsoft ADPCM', wavFile(new Uint8Array(4096), { bits: 4, tag: 2 }), 'UnsupportedAudioError'],
    ['no channels', wavFile(new Uint8Array(4096), { bits: 16, channels: 0 }), 'DamagedAudioError'],
    ['a rate of 3 Hz', wavFile(new Uint8Array(4096), { bits: 16, sampleRate: 3 }), 'DamagedAudioError'],
    ['a WAV in name only', new TextEncoder().encode('RIFF....WAVE'), 'DamagedAudioError'],
  ];
  test.each(cases)('%s is an error by name that names the file', async (_, bytes, errorName) => {
    const error = await errorOf(probeAudio(new Blob([bytes]), 'folder/bad clip.wav'));
    expect(error).toMatchObject({ name: errorName });
    expect(error).toBeInstanceOf(PlaygroundError);
    expect(String(error)).toMatch(/“folder\/bad clip\.wav”.*\.$/);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'a sample that is %s is found and placed',
    async (value) => {
      const samples = new Float32Array(16000).fill(0.1);
      samples[8000] = value;
      const file = wavFile(bytesOf(samples), { bits: 32, tag: 3 });
      const error = await errorOf(decode(file, 'nan.wav'));
      expect(error).toMatchObject({ name: 'NonFiniteAudioError' });
      expect(String(error)).toContain('at 0.500 s');
    },
  );
});

describe('mutated WAV files', () => {
  test('give samples or an error by name, never anything else', async () => {
    const originals = [
      toneWav(440, 16000, 600),
      wavFile(new Uint8Array(2400).fill(9), { bits: 24, channels: 2, extensible: true }),
      wavFile(new Uint8Array(1200).fill(5), {
        bits: 16,
        rf64: true,
        extraChunk: chunk('LIST', new Uint8Array(9)),
      }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...originals),
        fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 8 }),
        fc.option(fc.nat(2500), { nil: undefined }),
        async (original, changes, length) => {
          const bytes = original.slice(0, length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          const result = await decode(bytes).catch((error: unknown) => error);
          if (result instanceof PlaygroundError) expect(result.message).toContain('clip.wav');
          else expect(result).toMatchObject({ samples: expect.any(Float32Array) as unknown });
        },
      ),
      { numRuns: 400 },
    );
  });
});
