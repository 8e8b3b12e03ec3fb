import { readAdtsHeader } from './adts.ts';
import { readAiffLayout } from './aiff.ts';
import { withHead, type ByteSource } from './bytes.ts';
import { readFlacHeader } from './flac.ts';
import type { AudioHeader } from './header.ts';
import { readMp4Header } from './mp4.ts';
import { readMpegHeader } from './mpeg.ts';
import { readOggHeader } from './ogg.ts';
import type { PcmLayout } from './pcm-layout.ts';
import { sniff } from './sniff.ts';
import { readSphereLayout } from './sphere.ts';
import { readWavLayout } from './wav.ts';

/** A header, and what a decoder needs beside it. */
export interface Inspected {
  readonly header: AudioHeader;
  /** Of an uncompressed file. */
  readonly pcm: PcmLayout | null;
  /** Where the first frame is, behind tags. */
  readonly start: number;
}

/** Decides by content what a file is and reads its header. @throws a named error of errors.ts */
export async function inspect(whole: ByteSource, path: string): Promise<Inspected> {
  const source = await withHead(whole);
  const { container, start } = await sniff(source, path);
  switch (container) {
    case 'WAV':
      return uncompressed(await readWavLayout(source, path));
    case 'AIFF':
      return uncompressed(await readAiffLayout(source, path));
    case 'SPHERE':
      return uncompressed(await readSphereLayout(source, path));
    case 'FLAC':
      return { header: await readFlacHeader(source, start, path), pcm: null, start };
    case 'OGG':
      return { header: await readOggHeader(source, path), pcm: null, start };
    case 'MP3':
      return { header: await readMpegHeader(source, start, path), pcm: null, start };
    case 'MP4':
      return { header: await readMp4Header(source, path), pcm: null, start };
    case 'ADTS':
      return { header: await readAdtsHeader(source, start), pcm: null, start };
    case 'WebM': {
      const { readWebmHeader } = await import('./webcodecs-stream.ts');
      return { header: await readWebmHeader(source, path), pcm: null, start };
    }
  }
}

function uncompressed(layout: PcmLayout): Inspected {
  const { container, codec, sampleRate, channels, frames } = layout;
  const header = { container, codec, sampleRate, channels, frames, durationSec: frames / sampleRate };
  return { header, pcm: layout, start: layout.dataStart };
}
