/** What a file says of itself, read from as few of its bytes as possible. */
export interface AudioHeader {
  /** By content, never by the name. */
  readonly container: Container;
  /** E.g. `PCM 16 bit`, `IEEE float 32 bit`, `A-law`, `FLAC`, `MP3`, `Vorbis`, `Opus`, `AAC`. */
  readonly codec: string;
  /** Hz, of the decoded samples. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of each channel that decoding must give; null when the file does not tell exactly. */
  readonly frames: number | null;
  /** An estimate from bit rates when `frames` is null; null when only decoding can tell. */
  readonly durationSec: number | null;
}

export type Container = 'WAV' | 'AIFF' | 'SPHERE' | 'FLAC' | 'MP3' | 'OGG' | 'MP4' | 'ADTS' | 'WebM';
