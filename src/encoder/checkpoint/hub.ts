import { parseEncoderConfig } from '../config.ts';
import { downloadFile } from './download.ts';
import type { DownloadOptions } from './download.ts';
import {
  DownloadCorruptError,
  ModelFilesMissingError,
  ModelQuotaError,
  ModelStoreError,
} from './hub-errors.ts';
import { readJson } from './file-kind.ts';
import { host, hubModel, listHubFiles } from './hub-listing.ts';
import type { HubFile, HubListing, HubModel } from './hub-listing.ts';
import { appendManifest, modelFolder, modelKey, openModel, readModel, withModelLock } from './model-store.ts';
import type { ModelManifest, OpenedModel } from './model-store.ts';
import { indexedParts } from './sharded.ts';
import { withSyncFile } from './sync-file.ts';

export interface HubDownloadOptions extends DownloadOptions {
  /** Any server that speaks the hub's paths. */
  readonly hub?: string | undefined;
  /** Branch, tag or commit. */
  readonly revision?: string | undefined;
}

/** Weights by preference; an index stands for the parts that it names. */
const weightNames = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
];

/**
 * Fetches a model's config, preprocessor config and weights into the browser's own file system, or opens them from
 * there without any request when they were fetched before. A download that was interrupted, even by a kill, goes on
 * where it stopped. The config is read first, so a model of another kind is refused before its weights are fetched.
 * Works in workers only.
 * @throws ModelNotFoundError, GatedModelError, ModelFilesMissingError, HubUnreachableError, HubServerError,
 * DownloadInterruptedError, DownloadCorruptError, ModelQuotaError, UnsupportedEncoderError, EncoderConfigError
 */
export async function downloadFromHub(id: string, options: HubDownloadOptions = {}): Promise<OpenedModel> {
  const { hub = 'https://huggingface.co', revision = 'main', signal } = options;
  const model = hubModel(id, hub, revision);
  const key = modelKey('hub', model.hub, model.id, model.revision);
  return withModelLock(key, signal, async () => {
    const stored = await openModel(key);
    if (stored !== null) return stored;
    const listing = await listHubFiles(model, signal);
    const folder = await modelFolder(key);
    await forgetOtherContent(folder, key, listing);
    await fetchModel(model, listing, folder, options);
    const opened = await openModel(key);
    if (opened === null) {
      throw new ModelStoreError(
        `${model.id} was fetched but cannot be found in the browser’s storage. Try again.`,
      );
    }
    return opened;
  });
}

async function fetchModel(
  model: HubModel,
  listing: HubListing,
  folder: FileSystemDirectoryHandle,
  options: HubDownloadOptions,
): Promise<void> {
  const fetched: HubFile[] = [];
  const manifest = (isComplete: boolean): ModelManifest => ({
    version: 1,
    name: model.id,
    source: 'hub',
    hub: model.hub,
    revision: model.revision,
    commit: listing.commit,
    weightsHash: null,
    isComplete,
    files: fetched.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256 })),
  });
  const fetchOne = async (file: HubFile): Promise<void> => {
    fetched.push(file);
    // Noted before its bytes come, so that a later attempt knows what they are bytes of.
    await appendManifest(folder, manifest(false));
    await withSyncFile(folder, file.name, (handle) =>
      downloadFile(model, listing.commit, file, handle, options),
    );
    await checkGitBlob(folder, file);
  };

  const config = need(model, listing, ['config.json']);
  const preprocessor = need(model, listing, ['preprocessor_config.json']);
  const weights = need(model, listing, weightNames);
  await fetchOne(config);
  parseEncoderConfig(await readJson(await stored(folder, model, config.name)));
  await fetchOne(preprocessor);
  let parts = [weights];
  if (weights.name.endsWith('.index.json')) {
    await fetchOne(weights);
    const names = await indexedParts(await stored(folder, model, weights.name));
    parts = [...names.keys()].map((name) => need(model, listing, [name]));
  }
  await checkRoom(folder, model, parts);
  for (const part of parts) await fetchOne(part);
  await appendManifest(folder, manifest(true));
}

/** The first of `names` that the model has. */
function need(model: HubModel, { files }: HubListing, names: readonly string[]): HubFile {
  for (const name of names) {
    const file = files.get(name);
    if (file !== undefined) return file;
  }
  throw new ModelFilesMissingError(
    `${model.id} on ${host(model.hub)} has no ${names.length > 1 ? 'model.safetensors or pytorch_model.bin' : names[0]}, ` +
      'so it cannot be used here. Choose another model, or drop a folder that has all files.',
  );
}

/** Bytes of an earlier commit are of no use to go on from. */
async function forgetOtherContent(
  folder: FileSystemDirectoryHandle,
  key: string,
  listing: HubListing,
): Promise<void> {
  const before = await readModel(key, folder);
  for await (const name of folder.keys()) {
    const was = before?.files.find((file) => file.name === name);
    const is = listing.files.get(name);
    if (was === undefined || is === undefined) continue;
    const isSame = was.sha256 === null ? before?.commit === listing.commit : was.sha256 === is.sha256;
    if (!isSame) await folder.removeEntry(name);
  }
}

/** Small files have git's digest instead of SHA-256. */
async function checkGitBlob(folder: FileSystemDirectoryHandle, file: HubFile): Promise<void> {
  if (file.gitBlobId === null) return;
  const blob = await (await folder.getFileHandle(file.name)).getFile();
  const bytes = await new Blob([`blob ${blob.size}\0`, blob]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));
  if (Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === file.gitBlobId) return;
  await folder.removeEntry(file.name);
  throw new DownloadCorruptError(
    `${file.name} arrived damaged: its digest is not the announced one. It was deleted; try again to download it anew.`,
  );
}

/** Better told before a gigabyte has been fetched than after. */
async function checkRoom(
  folder: FileSystemDirectoryHandle,
  model: HubModel,
  parts: readonly HubFile[],
): Promise<void> {
  let needed = 0;
  for (const { name, sizeBytes } of parts) {
    const handle = await folder.getFileHandle(name, { create: true });
    needed += Math.max(0, sizeBytes - (await handle.getFile()).size);
  }
  const { quota = Number.POSITIVE_INFINITY, usage = 0 } = await navigator.storage.estimate();
  if (needed > quota - usage) {
    throw new ModelQuotaError(
      `${model.id} needs ${megabytes(needed)} MB more; the browser has room for ${megabytes(Math.max(0, quota - usage))} MB. ` +
        'Free some space, or remove models or extractions that are no longer needed.',
    );
  }
}

async function stored(folder: FileSystemDirectoryHandle, model: HubModel, name: string) {
  return { path: `${model.id}/${name}`, blob: await (await folder.getFileHandle(name)).getFile() };
}

function megabytes(bytes: number): string {
  return Math.ceil(bytes / 1e6).toLocaleString('en-US');
}
