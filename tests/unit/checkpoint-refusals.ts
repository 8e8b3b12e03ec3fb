import { downloadZip } from 'client-zip';
import { expect } from 'vitest';
import type { CheckpointFile } from '../../src/encoder/checkpoint/file-bytes.ts';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';
import { checkpointFile, fixtureBytes, fixtureFolder } from './checkpoint-files.ts';
import { pickleBytes, type PicklePart } from './pickle-bytes.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** Opens the fixture's folder around one weights file and reads every tensor; gives back the error. */
async function openAndRead(file: CheckpointFile | readonly CheckpointFile[]): Promise<unknown> {
  try {
    await weightsHash(await openCheckpoint('path' in file ? await fixtureFolder(file) : file));
  } catch (error) {
    return error;
  }
  return null;
}

/** Opening or reading must fail with this class of error, in a whole sentence. */
export async function expectRefusal(
  file: CheckpointFile | readonly CheckpointFile[],
  name: string,
  message = /./,
): Promise<void> {
  const error = await openAndRead(file);
  expect(error).toMatchObject({ name });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toMatch(/[.)…]$/);
}

/** A safetensors file of this header (JSON, or text as it stands) and data. */
export function safetensors(header: unknown, data: number | Bytes = 0): CheckpointFile {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const values = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(values, 8 + json.length);
  return checkpointFile('model.safetensors', bytes);
}

export const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

/** A torch file in a zip: its pickle, the storages by key, and more entries. */
export async function torchZip(
  pickle: readonly PicklePart[],
  storages: Readonly<Record<string, Bytes>> = {},
  more: Readonly<Record<string, string>> = {},
): Promise<CheckpointFile> {
  const entries = [
    { name: 'archive/data.pkl', input: pickleBytes(...pickle) },
    ...Object.entries(storages).map(([key, input]) => ({ name: `archive/data/${key}`, input })),
    ...Object.entries(more).map(([name, input]) => ({ name: `archive/${name}`, input })),
  ];
  return checkpointFile('pytorch_model.bin', new Uint8Array(await downloadZip(entries).arrayBuffer()));
}

/** A copy with one edit. */
export async function edited(name: string, path: string, edit: (bytes: Bytes, view: DataView) => void) {
  const bytes = await fixtureBytes(name);
  edit(bytes, new DataView(bytes.buffer));
  return checkpointFile(path, bytes);
}

/** Where a text stands in bytes. */
export function indexOf(bytes: Bytes, needle: string, from = 0): number {
  const found = Buffer.from(bytes.buffer).indexOf(needle, from, 'latin1');
  if (found < 0) throw new Error(`no ${needle}`);
  return found;
}
