import { isAdts } from './adts.ts';
import { fourCharacters, type ByteSource } from './bytes.ts';
import { EmptyAudioError, NotAudioError, UnsupportedAudioError } from './errors.ts';
import type { Container } from './header.ts';
import { findFrames } from './mpeg.ts';
import { isWav } from './wav.ts';

/** What a file is, and where its first frame begins (behind an ID3 tag). */
export interface Sniffed {
  readonly container: Container;
  readonly start: number;
}

const headBytes = 4096;
/** MPEG frames are looked for so far into a file that begins with something else. */
const searchBytes = 65_536;
const mp4Boxes = new Set(['ftyp', 'moov', 'mdat', 'wide', 'skip', 'free', 'pnot']);

/** Audio and video that is known by its first bytes but cannot be decoded here. */
const foreign: readonly (readonly [bytes: string, name: string])[] = [
  ['#!AMR', 'an AMR file'],
  ['caff', 'a Core Audio (CAF) file'],
  ['wvpk', 'a WavPack file'],
  ['MAC ', "a Monkey's Audio file"],
  ['.snd', 'a Sun AU file'],
  ['\x30\x26\xb2\x75', 'a Windows Media file'],
  ['.RMF', 'a RealMedia file'],
  ['TTA1', 'a True Audio file'],
  ['ajkg', 'a file compressed by shorten'],
  ['MThd', 'a MIDI file: notes without sound'],
];

const otherThings: readonly (readonly [bytes: string, name: string])[] = [
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['\x93NUMPY', 'a numpy array'],
];

/**
 * Tells what a file is by its content alone; its name does not count.
 * @throws EmptyAudioError, NotAudioError, UnsupportedAudioError
 */
export async function sniff(source: ByteSource, path: string): Promise<Sniffed> {
  if (source.sizeBytes === 0) {
    throw new EmptyAudioError(`“${path}” is empty (0 bytes). Remove it or copy it again from where it came.`);
  }
  const head = await source.read(0, headBytes);
  const start = id3Bytes(head);
  const container = start === 0 ? byMagic(head, path) : await afterTag(source, start);
  if (container !== null) return { container, start };
  const framesAt = await searchFrames(source, start);
  if (framesAt >= 0) return { container: 'MP3', start: framesAt };
  throw new NotAudioError(
    `“${path}” is ${describe(head)}, not audio that is known here, whatever its name says. Remove it or replace it by a recording.`,
  );
}

/** Length of an ID3v2 tag in front of the audio; 0 without one. */
function id3Bytes(head: Uint8Array): number {
  if (head.length < 10 || !startsWith(head, 'ID3')) return 0;
  const size = (head[6]! << 21) | (head[7]! << 14) | (head[8]! << 7) | head[9]!;
  return size + 10 + (head[5]! & 0x10 ? 10 : 0);
}

function byMagic(head: Uint8Array, path: string): Container | null {
  if (isWav(head)) return 'WAV';
  const tag = fourCharacters(head, 0);
  if (tag === 'fLaC') return 'FLAC';
  if (tag === 'OggS') return 'OGG';
  const form = fourCharacters(head, 8);
  if (tag === 'FORM' && (form === 'AIFF' || form === 'AIFC')) return 'AIFF';
  if (startsWith(head, 'NIST_1A')) return 'SPHERE';
  if (mp4Boxes.has(fourCharacters(head, 4))) return 'MP4';
  if (startsWith(head, '\x1a\x45\xdf\xa3')) return 'WebM';
  if (isAdts(head, 0, head.length < headBytes)) return 'ADTS';
  const known =
    foreign.find(([bytes]) => startsWith(head, bytes))?.[1] ??
    (tag === 'RIFX' || (tag === 'RIFF' && form === 'AVI ') ? `a ${tag} ${form.trim()} file` : undefined);
  if (known !== undefined) {
    throw new UnsupportedAudioError(
      `“${path}” is ${known}, which cannot be decoded here. Convert it to WAV, FLAC or MP3.`,
    );
  }
  return null;
}

/** FLAC and AAC may stand behind an ID3 tag too; MPEG frames are searched for. */
async function afterTag(source: ByteSource, start: number): Promise<Container | null> {
  const bytes = await source.read(start, start + headBytes);
  if (startsWith(bytes, 'fLaC')) return 'FLAC';
  if (isAdts(bytes, 0, bytes.length < headBytes)) return 'ADTS';
  return null;
}

async function searchFrames(source: ByteSource, start: number): Promise<number> {
  const bytes = await source.read(start, start + searchBytes);
  const at = findFrames(bytes, start + bytes.length === source.sizeBytes);
  return at < 0 ? -1 : start + at;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

function describe(head: Uint8Array): string {
  const thing = otherThings.find(([bytes]) => startsWith(head, bytes))?.[1];
  if (thing !== undefined) return thing;
  const isText = head.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
  return isText ? 'text' : 'a file of an unknown kind';
}
