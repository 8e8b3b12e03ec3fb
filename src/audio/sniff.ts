import { fourCharacters } from './bytes.ts';
import { EmptyAudioError, NotAudioError } from './errors.ts';
import type { Container } from './header.ts';
import { isWav } from './wav.ts';

/**
 * The container, by content alone.
 * @throws EmptyAudioError, NotAudioError
 */
export function sniff(head: Uint8Array, sizeBytes: number, path: string): Container {
  if (sizeBytes === 0) {
    throw new EmptyAudioError(`“${path}” is empty (0 bytes). Remove it or copy it again from where it came.`);
  }
  if (isWav(head)) return 'WAV';
  const tag = fourCharacters(head, 0);
  if (tag === 'fLaC') return 'FLAC';
  if (tag === 'OggS') return 'OGG';
  if (tag === 'FORM') return 'AIFF';
  throw new NotAudioError(`“${path}” is not an audio file, whatever its name says.`);
}
