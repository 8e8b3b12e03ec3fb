import { describe, expect, test } from 'vitest';
import { decodeAudio } from '../../../src/audio/decode.ts';
import { probeAudio } from '../../../src/audio/probe.ts';
import { PlaygroundError } from '../../../src/lib/errors.ts';
import { fixture } from './fixtures.ts';

interface Expected {
  readonly file: string;
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly seconds: number;
  /** Against the tone the file was made of, sample for sample: a delay or a lost start would ruin it. */
  readonly snrDb: number;
  readonly lengthTolerance?: number;
}

const files: readonly Expected[] = [
  { file: 'mono-16k.flac', codec: 'FLAC', sampleRate: 16000, channels: 1, seconds: 0.5, snrDb: 80 },
  { file: 'stereo-44k-24bit.flac', codec: 'FLAC', sampleRate: 44100, channels: 2, seconds: 0.1, snrDb: 120 },
  { file: 'mono-44k.mp3', codec: 'MP3', sampleRate: 44100, channels: 1, seconds: 1, snrDb: 25 },
  { file: 'stereo-22k-vbr.mp3', codec: 'MP3', sampleRate: 22050, channels: 2, seconds: 1, snrDb: 20 },
  { file: 'mono-44k.ogg', codec: 'Vorbis', sampleRate: 44100, channels: 1, seconds: 1, snrDb: 20 },
  { file: 'stereo-48k.opus', codec: 'Opus', sampleRate: 48000, channels: 2, seconds: 1, snrDb: 20 },
  // This encoder's own quality: ffmpeg's decoder gives 11.9 dB too, best at a delay of 0.
  { file: 'mono-44k.m4a', codec: 'AAC', sampleRate: 44100, channels: 1, seconds: 1, snrDb: 11.8 },
  { file: 'mono-44k-faststart.m4a', codec: 'AAC', sampleRate: 44100, channels: 1, seconds: 1, snrDb: 11.8 },
  { file: 'mono-16k.aiff', codec: 'PCM 16 bit', sampleRate: 16000, channels: 1, seconds: 0.2, snrDb: 80 },
  {
    file: 'mono-48k.webm',
    codec: 'opus',
    sampleRate: 48000,
    channels: 1,
    seconds: 1,
    snrDb: 20,
    lengthTolerance: 1024,
  },
];

describe('every codec', () => {
  test.each(files)('$file decodes to the tone it was made of', async (expected) => {
    const { sampleRate, channels, seconds } = expected;
    // The name is wrong on purpose: content decides.
    const path = `${expected.file}.xyz`;
    const file = await fixture(expected.file);
    const header = await probeAudio(file, path);
    expect(header).toMatchObject({ codec: expected.codec, sampleRate, channels });
    expect(Math.abs((header.durationSec ?? seconds) - seconds)).toBeLessThan(0.05);
    const audio = await decodeAudio(file, { path });
    const snr = snrDb(audio.samples, (i) => {
      const left = 0.5 * Math.sin((2 * Math.PI * 440 * i) / sampleRate);
      return channels === 1 ? left : (left + 0.25 * Math.sin((2 * Math.PI * 660 * i) / sampleRate)) / 2;
    });
    expect(audio.sampleRate).toBe(sampleRate);
    expect(Math.abs(audio.samples.length - seconds * sampleRate)).toBeLessThanOrEqual(
      expected.lengthTolerance ?? 0,
    );
    expect(snr).toBeGreaterThan(expected.snrDb);
  });
});

const refused = [
  ['mono-16k-alac.m4a', 'UnsupportedAudioError', 'ALAC'],
  ['mono-16k.oga', 'UnsupportedAudioError', 'FLAC'],
  ['mono-8k-speex.ogg', 'UnsupportedAudioError', 'Speex'],
  ['mono-16k-adpcm.wav', 'UnsupportedAudioError', 'IMA ADPCM'],
  ['mono-8k-gsm.wav', 'UnsupportedAudioError', 'GSM'],
] as const;

describe('what cannot be decoded', () => {
  test.each(refused)(
    '%s is refused before it is decoded, by name and codec',
    async (name, errorName, word) => {
      const error: unknown = await probeAudio(await fixture(name), name).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: errorName });
      expect(String(error)).toContain(name);
      expect(String(error)).toContain(word);
    },
  );
});

describe('wrong names', () => {
  test('AAC named .mp3 is decoded as AAC', async () => {
    const file = await fixture('mono-44k.aac');
    expect(await probeAudio(file, 'speech.mp3')).toMatchObject({
      container: 'ADTS',
      codec: 'AAC',
      channels: 1,
    });
    const audio = await decodeAudio(file, { path: 'speech.mp3' });
    // ADTS has no word for the encoder's priming and padding.
    expect(audio.samples.length).toBeGreaterThanOrEqual(44100);
    expect(audio.samples.length).toBeLessThan(44100 + 3 * 1024);
  });

  test('an MP3 without any tag plays with its decoder delay, nothing lost', async () => {
    const file = await fixture('mono-44k-no-tag.mp3');
    expect((await probeAudio(file, 'speech.wav')).durationSec).toBeCloseTo(1, 1);
    const audio = await decodeAudio(file, { path: 'speech.wav' });
    expect(audio.samples.length).toBeGreaterThanOrEqual(44100);
    expect(audio.samples.length).toBeLessThan(44100 + 3 * 1152);
  });

  test('an ID3 tag in front of MP3, FLAC and AAC is passed over', async () => {
    const tag = new Uint8Array(10 + 300);
    tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 2, 44]);
    for (const name of ['mono-44k.mp3', 'mono-16k.flac', 'mono-44k.aac']) {
      const plain = await decodeAudio(await fixture(name), { path: name });
      const tagged = await decodeAudio(new Blob([tag, await fixture(name)]), { path: name });
      expect(tagged.samples).toEqual(plain.samples);
    }
  });
});

describe('compressed files that were cut off', () => {
  const names = [
    'mono-16k.flac',
    'mono-44k.mp3',
    'mono-44k-no-tag.mp3',
    'mono-44k.ogg',
    'stereo-48k.opus',
    'mono-44k.m4a',
    'mono-44k-faststart.m4a',
    'mono-44k.aac',
  ];
  test.each(names)('%s cut anywhere is an error by name, never half a recording', async (name) => {
    const file = await fixture(name);
    for (const share of [0.02, 0.3, 0.5, 0.75, 0.9]) {
      const cut = file.slice(0, Math.floor(file.size * share));
      const error: unknown = await decodeAudio(cut, { path: name }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PlaygroundError);
      expect(String(error)).toContain(name);
      expect([
        'TruncatedAudioError',
        'DamagedAudioError',
        'NotAudioError',
        'UnsupportedAudioError',
      ]).toContain(error instanceof PlaygroundError ? error.name : '');
    }
  });
});

/** Away from the ends, where lossy codecs smear. */
function snrDb(samples: Float32Array, ideal: (i: number) => number): number {
  let signal = 0;
  let noise = 0;
  for (let i = Math.floor(samples.length * 0.15); i < samples.length * 0.85; i += 1) {
    signal += ideal(i) ** 2;
    noise += (samples[i]! - ideal(i)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}
