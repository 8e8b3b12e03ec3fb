import { blobBytes, type ByteSource } from './bytes.ts';
import { EmptyAudioError, NonFiniteAudioError, TruncatedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { checkLastAdtsFrame } from './adts.ts';
import { inspect, type Inspected } from './inspect.ts';
import { openPcm } from './pcm-stream.ts';
import { truncatedReason } from './pcm-layout.ts';
import { concatenate, type AudioStream } from './stream.ts';

export interface DecodeOptions {
  /** For messages. */
  readonly path: string;
  /** Stop after so much audio; the rest is neither read nor checked. */
  readonly maxDurationSec?: number;
}

export interface DecodedAudio {
  /** The mean of the channels; full scale is ±1. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Hz. */
  readonly sampleRate: number;
  readonly durationSec: number;
}

/** Lossy decoders may lose a frame or two at the end of a whole stream; more is a file that was cut off. */
const lossyTolerance = 2304;

/**
 * Opens a file for decoding, by its content and not its name. The pieces are checked as they pass: every sample is
 * finite, and their number is what the header promised (more is cut off).
 * @throws a named error of errors.ts, a sentence with the file's path
 */
export async function openAudio(
  source: ByteSource,
  path: string,
): Promise<AudioStream & { readonly header: AudioHeader }> {
  const inspected = await inspect(source, path);
  const stream = await openCodec(source, inspected, path);
  const { header } = inspected;
  // A header may count at half the rate that is decoded (HE-AAC).
  const frames = stream.sampleRate === header.sampleRate ? header.frames : null;
  const isExact = inspected.pcm !== null || header.codec === 'FLAC';
  const least = frames === null ? 0 : isExact ? frames : frames - Math.min(lossyTolerance, frames / 2);
  return { header, sampleRate: stream.sampleRate, pieces: checked(stream, frames, least, path) };
}

/** The codecs are loaded when the first file asks for them. */
async function openCodec(source: ByteSource, inspected: Inspected, path: string): Promise<AudioStream> {
  const { header, pcm, start } = inspected;
  if (pcm !== null) return openPcm(source, pcm);
  if (header.container === 'MP3') {
    return (await import('./mpeg-stream.ts')).openMpeg(source, start, header, path);
  }
  if (header.codec === 'Vorbis' && header.container === 'OGG') {
    return (await import('./vorbis-stream.ts')).openVorbis(source, header, path);
  }
  if (header.container === 'ADTS') await checkLastAdtsFrame(source, start, path);
  return (await import('./webcodecs-stream.ts')).openWithWebCodecs(source, start, header, path);
}

/** Decodes a whole file, or its first `maxDurationSec`. */
export async function decodeAudio(blob: Blob, options: DecodeOptions): Promise<DecodedAudio> {
  const stream = await openAudio(blobBytes(blob), options.path);
  const limit = Math.ceil((options.maxDurationSec ?? Number.POSITIVE_INFINITY) * stream.sampleRate);
  const pieces: Float32Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of stream.pieces) {
    const taken = piece.length > limit - length ? piece.slice(0, limit - length) : piece;
    pieces.push(taken);
    length += taken.length;
    if (length >= limit) break;
  }
  const samples = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concatenate(pieces, length);
  return { samples, sampleRate: stream.sampleRate, durationSec: length / stream.sampleRate };
}

async function* checked(
  stream: AudioStream,
  frames: number | null,
  least: number,
  path: string,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  let length = 0;
  for await (const piece of stream.pieces) {
    const left = (frames ?? Number.POSITIVE_INFINITY) - length;
    const wanted = piece.length > left ? piece.slice(0, left) : piece;
    checkFinite(wanted, length, stream.sampleRate, path);
    length += wanted.length;
    if (wanted.length > 0) yield wanted;
  }
  if (frames !== null && length < least) {
    throw new TruncatedAudioError(
      truncatedReason(path, frames / stream.sampleRate, length / stream.sampleRate),
    );
  }
  if (length === 0) throw new EmptyAudioError(`“${path}” holds no samples. Remove it or record it again.`);
}

/** @throws NonFiniteAudioError that tells where the first NaN or infinite sample is */
function checkFinite(samples: Float32Array, samplesBefore: number, sampleRate: number, path: string): void {
  // One sum finds any NaN or infinity without a branch for each sample.
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += samples[i]! * 0;
  if (sum === 0) return;
  const index = samples.findIndex((value) => !Number.isFinite(value));
  const atSec = (samplesBefore + index) / sampleRate;
  throw new NonFiniteAudioError(
    `“${path}” holds a sample that is not a number (at ${atSec.toFixed(3)} s). Export it again from the program that made it.`,
  );
}
