import type { ByteSource } from './bytes.ts';
import { DamagedAudioError, UnsupportedAudioError } from './errors.ts';
import { sampleBytes, type PcmEncoding } from './pcm.ts';
import { checkChannelsAndRate, presentFrames, type PcmLayout } from './pcm-layout.ts';

/** A header is a multiple of 1024 bytes; larger than this is damage. */
const maxHeaderBytes = 65_536;

/**
 * Reads the header of a NIST SPHERE file, the format of TIMIT and other LDC corpora (where it is named `.WAV`): PCM
 * 8–32 bits or µ-law, not compressed by shorten.
 * @throws EmptyAudioError, TruncatedAudioError, DamagedAudioError, UnsupportedAudioError
 */
export async function readSphereLayout(source: ByteSource, path: string): Promise<PcmLayout> {
  const text = new TextDecoder('latin1').decode(await source.read(0, maxHeaderBytes));
  const headerBytes = Number(/^NIST_1A\n\s*(\d+)\n/.exec(text)?.[1] ?? Number.NaN);
  if (!(headerBytes >= 16 && headerBytes <= maxHeaderBytes)) {
    throw new DamagedAudioError(
      `“${path}” is a NIST SPHERE file with a damaged header. Copy it again from where it came.`,
    );
  }
  const fields = new Map<string, string>();
  for (const line of text.slice(0, headerBytes).split('\n')) {
    const [, name, value] = /^(\w+) -\w+ (.*)$/.exec(line.trimEnd()) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  const channels = Number(fields.get('channel_count') ?? 1);
  const sampleRate = Number(fields.get('sample_rate') ?? Number.NaN);
  checkChannelsAndRate(path, channels, sampleRate);
  const coding = fields.get('sample_coding') ?? 'pcm';
  const width = Number(fields.get('sample_n_bytes') ?? 2);
  const encoding = encodingOf(coding, width);
  if (encoding === undefined) {
    throw new UnsupportedAudioError(
      `“${path}” is a NIST SPHERE file coded as “${coding}” with ${width} bytes a sample, which cannot be decoded here. Convert it to WAV, for example with sph2pipe.`,
    );
  }
  const frameBytes = sampleBytes[encoding] * channels;
  const declared = Number(fields.get('sample_count') ?? Number.NaN) * frameBytes;
  const present = source.sizeBytes - headerBytes;
  return {
    container: 'SPHERE',
    encoding,
    codec: encoding === 'mu-law' ? 'µ-law' : `PCM ${width * 8} bit`,
    littleEndian: fields.get('sample_byte_format') !== '10',
    sampleRate,
    channels,
    dataStart: headerBytes,
    frames: presentFrames(path, sampleRate, frameBytes, Number.isNaN(declared) ? present : declared, present),
  };
}

function encodingOf(coding: string, width: number): PcmEncoding | undefined {
  if (coding === 'pcm') return ({ 1: 'int8', 2: 'int16', 3: 'int24', 4: 'int32' } as const)[width];
  if (coding === 'ulaw' || coding === 'mu-law') return 'mu-law';
  if (coding === 'alaw') return 'a-law';
  return undefined;
}
