import { readFile } from 'node:fs/promises';
import type { CheckpointFile } from '../../src/encoder/checkpoint/file-bytes.ts';

const folder = new URL('../fixtures/checkpoints/', import.meta.url);

/** Bytes of a committed fixture. */
export async function fixtureBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await readFile(new URL(name, folder)));
}

export function checkpointFile(path: string, content: Uint8Array<ArrayBuffer> | string): CheckpointFile {
  return { path, blob: new Blob([content]) };
}

/** A fixture under a path of its own choice. */
export async function fixture(name: string, path = name): Promise<CheckpointFile> {
  return checkpointFile(path, await fixtureBytes(name));
}

/** A whole checkpoint folder around one weights file. */
export async function fixtureFolder(weights: CheckpointFile): Promise<CheckpointFile[]> {
  return [await fixture('config.json'), await fixture('preprocessor_config.json'), weights];
}
