import { sha256Text } from '../lib/digest.ts';
import { compareCodePoints } from './found-file.ts';

/** What identifies a clip before its content is read. */
export interface ClipIdentity {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Identity of a dataset: SHA-256 over the paths and sizes of its clips, in code-point order of the paths, as lines
 * `["path",size]`. Labels, speakers and splits are a layer over the clips and not part of it, nor is the folder's
 * name: the same clips are the same dataset.
 */
export async function datasetId(clips: readonly ClipIdentity[]): Promise<string> {
  const lines = clips
    .toSorted((a, b) => compareCodePoints(a.path, b.path))
    .map(({ path, sizeBytes }) => JSON.stringify([path, sizeBytes]));
  return sha256Text(`clips 1\n${lines.join('\n')}`);
}
