import {
  ADTS,
  AudioSampleSink,
  CustomSource,
  FLAC,
  Input,
  MATROSKA,
  MP4,
  OGG,
  QTFF,
  WEBM,
  type AudioSample,
} from 'mediabunny';
import type { ByteSource } from './bytes.ts';
import { UnsupportedAudioError } from './errors.ts';
import type { AudioHeader } from './header.ts';
import { concatenate, meanOfChannels, type AudioStream } from './stream.ts';

/** Packets hold as few as 960 frames: they are joined to pieces that are worth passing on. */
const pieceFrames = 32_768;

/**
 * Opens FLAC, Opus, AAC and WebM audio with the browser's own decoder.
 * @param start where the container begins, behind an ID3 tag
 * @throws UnsupportedAudioError
 */
export async function openWithWebCodecs(
  source: ByteSource,
  start: number,
  header: AudioHeader,
  path: string,
): Promise<AudioStream> {
  const input = openInput(source, start);
  try {
    const track = await input.getPrimaryAudioTrack();
    if (track === null || !(await track.canDecode())) {
      throw new UnsupportedAudioError(
        `“${path}” is coded as ${header.codec}, which this browser cannot decode. Convert it to WAV, FLAC or MP3.`,
      );
    }
    const samples = new AudioSampleSink(track).samples();
    const first = await samples.next();
    const sampleRate = first.done === true ? header.sampleRate : first.value.sampleRate;
    return { sampleRate, pieces: decode(input, first, samples) };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

/** Reads a WebM or Matroska header; the duration is what its index says. */
export async function readWebmHeader(source: ByteSource, path: string): Promise<AudioHeader> {
  const input = openInput(source, 0);
  try {
    const track = await input.getPrimaryAudioTrack();
    if (track === null) {
      throw new UnsupportedAudioError(
        `“${path}” is a WebM or Matroska file without a sound track. Remove it or extract its sound first.`,
      );
    }
    return {
      container: 'WebM',
      codec: (await track.getCodec()) ?? 'unknown',
      sampleRate: await track.getSampleRate(),
      channels: await track.getNumberOfChannels(),
      frames: null,
      durationSec: await input.getDurationFromMetadata([track]),
    };
  } finally {
    input.dispose();
  }
}

function openInput(source: ByteSource, start: number): Input {
  return new Input({
    formats: [FLAC, OGG, MP4, QTFF, ADTS, WEBM, MATROSKA],
    source: new CustomSource({
      getSize: () => source.sizeBytes - start,
      read: (from, to) => source.read(start + from, start + to),
      prefetchProfile: 'fileSystem',
    }),
  });
}

async function* decode(
  input: Input,
  first: IteratorResult<AudioSample, void>,
  samples: AsyncGenerator<AudioSample, void>,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  let held: Float32Array[] = [];
  let heldFrames = 0;
  try {
    for (let next = first; next.done !== true; next = await samples.next()) {
      const mono = toMono(next.value);
      held.push(mono);
      heldFrames += mono.length;
      if (heldFrames >= pieceFrames) {
        yield concatenate(held, heldFrames);
        held = [];
        heldFrames = 0;
      }
    }
    if (heldFrames > 0) yield concatenate(held, heldFrames);
  } finally {
    await samples.return();
    input.dispose();
  }
}

/** The mean of a sample's channels, without what lies before time 0 (the codec's priming); closes the sample. */
function toMono(sample: AudioSample): Float32Array {
  const channels: Float32Array[] = [];
  for (let planeIndex = 0; planeIndex < sample.numberOfChannels; planeIndex += 1) {
    const channel = new Float32Array(sample.numberOfFrames);
    sample.copyTo(channel, { planeIndex, format: 'f32-planar' });
    channels.push(channel);
  }
  const mono = meanOfChannels(channels, sample.numberOfFrames);
  const early = Math.round(-sample.timestamp * sample.sampleRate);
  sample.close();
  return early > 0 ? mono.subarray(Math.min(early, mono.length)) : mono;
}
