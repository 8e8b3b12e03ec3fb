import * as v from 'valibot';
import type { CheckpointFile } from './file-bytes.ts';
import { ModelStoreError } from './hub-errors.ts';
import { withSyncFile, writeAll } from './sync-file.ts';

/*
 * Models in the browser's own file system, one folder each: `models/KEY/` with the checkpoint's files under their own
 * names and `manifest.jsonl`. A manifest is never changed in place: each change appends a whole line, and the last
 * line that can be read counts, so a kill in the middle of a write costs nothing.
 */

const MODELS_FOLDER = 'models';
const MANIFEST = 'manifest.jsonl';

const manifestSchema = v.object({
  version: v.literal(1),
  /** Hub id, or the name of the folder that was dropped. */
  name: v.string(),
  /** Where it comes from. */
  source: v.picklist(['hub', 'disk']),
  hub: v.nullable(v.string()),
  revision: v.nullable(v.string()),
  commit: v.nullable(v.string()),
  /** Identity of the encoder, once it has been computed. */
  weightsHash: v.nullable(v.string()),
  /** True when every file is there and has been checked. */
  isComplete: v.boolean(),
  files: v.array(v.object({ name: v.string(), sizeBytes: v.number(), sha256: v.nullable(v.string()) })),
});

export type ModelManifest = Readonly<v.InferOutput<typeof manifestSchema>>;

/** A model in the store. */
export interface StoredModel extends ModelManifest {
  /** Names the folder; give it to `removeCachedModel`. */
  readonly key: string;
  /** Bytes on disk now. */
  readonly storedBytes: number;
}

/** A complete stored model and its files, read lazily. */
export interface OpenedModel {
  readonly model: StoredModel;
  readonly files: readonly CheckpointFile[];
}

/** A folder name for any text. */
export function modelKey(...parts: readonly string[]): string {
  return encodeURIComponent(parts.join(' '));
}

/** Runs `use` while no other tab or worker changes this model. */
export async function withModelLock<T>(
  key: string,
  signal: AbortSignal | undefined,
  use: () => Promise<T>,
): Promise<T> {
  // `request` types its callback's result as it is, promise or not.
  return await navigator.locks.request(`model ${key}`, signal ? { signal } : {}, use);
}

export async function modelFolder(key: string): Promise<FileSystemDirectoryHandle> {
  return (await modelsFolder()).getDirectoryHandle(key, { create: true });
}

/** Every model in the store, unfinished downloads too. */
export async function listCachedModels(): Promise<StoredModel[]> {
  const models: StoredModel[] = [];
  for await (const [key, handle] of (await modelsFolder()).entries()) {
    const model = handle.kind === 'directory' ? await readModel(key, await modelFolder(key)) : null;
    if (model !== null) models.push(model);
  }
  return models.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Deletes a model's files. @throws ModelStoreError when it is being downloaded or read in another tab */
export async function removeCachedModel(key: string): Promise<void> {
  try {
    await (await modelsFolder()).removeEntry(key, { recursive: true });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'NotFoundError') return;
    throw new ModelStoreError('The model is in use, perhaps in another tab. Close that tab and try again.', {
      cause,
    });
  }
}

/** The newest readable manifest of a folder, or null. */
export async function readModel(key: string, folder: FileSystemDirectoryHandle): Promise<StoredModel | null> {
  let storedBytes = 0;
  let manifest: ModelManifest | null = null;
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind !== 'file') continue;
    const file = await handle.getFile();
    storedBytes += file.size;
    if (name === MANIFEST) manifest = lastManifest(await file.text());
  }
  return manifest === null ? null : { ...manifest, key, storedBytes };
}

/** The files of a complete model; null when it is not complete or a file has lost bytes since. */
export async function openModel(key: string): Promise<OpenedModel | null> {
  const folder = await modelFolder(key);
  const model = await readModel(key, folder);
  if (model === null || !model.isComplete) return null;
  const files: CheckpointFile[] = [];
  for (const { name, sizeBytes } of model.files) {
    try {
      const blob = await (await folder.getFileHandle(name)).getFile();
      if (blob.size !== sizeBytes) return null;
      files.push({ path: `${model.name}/${name}`, blob });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return null;
      throw error;
    }
  }
  return { model, files };
}

/** Makes `manifest` the newest one of a folder. */
export async function appendManifest(
  folder: FileSystemDirectoryHandle,
  manifest: ModelManifest,
): Promise<void> {
  const checked: ModelManifest = v.parse(manifestSchema, manifest);
  await withSyncFile(folder, MANIFEST, (handle) => {
    // The line break in front ends a line that a kill may have torn.
    writeAll(handle, MANIFEST, new TextEncoder().encode(`\n${JSON.stringify(checked)}\n`), handle.getSize());
    handle.flush();
  });
}

/** Remembers the identity of a stored model, so that `openKept` finds it. */
export async function recordWeightsHash(key: string, weightsHash: string): Promise<void> {
  await withModelLock(key, undefined, async () => {
    const folder = await modelFolder(key);
    const model = await readModel(key, folder);
    if (model === null) throw new ModelStoreError('The model is no longer stored; load it again.');
    if (model.weightsHash !== weightsHash) await appendManifest(folder, { ...model, weightsHash });
  });
}

function lastManifest(text: string): ModelManifest | null {
  for (const line of text.split('\n').toReversed()) {
    if (line === '') continue;
    try {
      const parsed = v.safeParse(manifestSchema, JSON.parse(line));
      if (parsed.success) return parsed.output;
    } catch (error) {
      // A line torn by a kill; the one before it counts.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}

async function modelsFolder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(MODELS_FOLDER, { create: true });
}
