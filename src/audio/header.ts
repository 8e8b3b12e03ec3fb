/** What a file says of itself, read from as few of its bytes as possible. */
export interface AudioHeader {
  /** By content, never by the name: `WAV`, `FLAC`, `MP3`, `OGG`, `MP4`, `AIFF`, `ADTS`, `WebM`. */
  readonly container: Container;
  /** E.g. `PCM 16 bit`, `IEEE float 32 bit`, `A-law`, `FLAC`, `MP3`, `Vorbis`, `Opus`, `AAC`. */
  readonly codec: string;
  /** Hz, as stored. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Null when only decoding can tell. */
  readonly durationSec: number | null;
  /** True when `durationSec` is reckoned from a bit rate, so that the decoded length may differ. */
  readonly durationIsEstimate: boolean;
}

export type Container = 'WAV' | 'AIFF' | 'FLAC' | 'MP3' | 'OGG' | 'MP4' | 'ADTS' | 'WebM';
