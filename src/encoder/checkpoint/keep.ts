import type { CheckpointFile } from './file-bytes.ts';
import { fileName } from './file-bytes.ts';
import { UnreadableCheckpointError } from './errors.ts';
import {
  appendManifest,
  listCachedModels,
  modelFolder,
  modelKey,
  openModel,
  removeCachedModel,
  withModelLock,
} from './model-store.ts';
import type { OpenedModel } from './model-store.ts';
import { pickFiles } from './pick-files.ts';
import { indexedParts } from './sharded.ts';
import { withSyncFile, writeAll } from './sync-file.ts';

/**
 * Copies a dropped checkpoint's files (only those that make it up) into the browser's own file system, so that an
 * extraction can go on after a reload without a second drop. Does nothing when a stored model has this identity.
 * Works in workers only.
 * @param weightsHash what `hashing(checkpoint).hash()` gave
 * @throws ModelQuotaError (nothing is left behind), UnreadableCheckpointError
 */
export async function keepCheckpoint(
  name: string,
  files: readonly CheckpointFile[],
  weightsHash: string,
): Promise<void> {
  if ((await openKept(weightsHash)) !== null) return;
  const key = modelKey('disk', weightsHash);
  await withModelLock(key, undefined, async () => {
    const parts = await checkpointParts(files);
    const folder = await modelFolder(key);
    try {
      for (const file of parts) await copyFile(folder, file);
    } catch (error) {
      await removeCachedModel(key);
      throw error;
    }
    await appendManifest(folder, {
      version: 1,
      name,
      source: 'disk',
      hub: null,
      revision: null,
      commit: null,
      weightsHash,
      isComplete: true,
      files: parts.map(({ path, blob }) => ({ name: fileName(path), sizeBytes: blob.size, sha256: null })),
    });
  });
}

/** The stored model, dropped or from a hub, whose weights have this hash; null when there is none. */
export async function openKept(weightsHash: string): Promise<OpenedModel | null> {
  for (const model of await listCachedModels()) {
    const opened = model.weightsHash === weightsHash ? await openModel(model.key) : null;
    if (opened !== null) return opened;
  }
  return null;
}

async function checkpointParts(files: readonly CheckpointFile[]): Promise<CheckpointFile[]> {
  const { config, preprocessor, weights, isIndex, siblings } = pickFiles(files);
  const names = isIndex ? [...(await indexedParts(weights)).keys()] : [];
  return [config, preprocessor, weights, ...names.map((name) => siblings.get(name))].filter(
    (file) => file !== undefined,
  );
}

async function copyFile(folder: FileSystemDirectoryHandle, { path, blob }: CheckpointFile): Promise<void> {
  await withSyncFile(folder, fileName(path), async (handle) => {
    handle.truncate(0);
    let offset = 0;
    const reader = blob.stream().getReader();
    for (;;) {
      const part = await reader.read().catch((cause: unknown) => {
        throw new UnreadableCheckpointError(`${path} could not be read any more. Drop it again.`, { cause });
      });
      if (part.done) break;
      writeAll(handle, path, part.value, offset);
      offset += part.value.byteLength;
    }
  });
}
