import { expose } from 'comlink';
import type { CheckpointFile } from '../../src/encoder/checkpoint/file-bytes.ts';
import { downloadFromHub } from '../../src/encoder/checkpoint/hub.ts';
import type { HubDownloadOptions } from '../../src/encoder/checkpoint/hub.ts';
import { keepCheckpoint, openKept } from '../../src/encoder/checkpoint/keep.ts';
import {
  listCachedModels,
  recordWeightsHash,
  removeCachedModel,
} from '../../src/encoder/checkpoint/model-store.ts';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';

/** The model store in a worker, as the engine has it. */
const api = {
  async download(
    id: string,
    options: Omit<HubDownloadOptions, 'signal'>,
    onProgress?: HubDownloadOptions['onProgress'],
  ) {
    const { model, files } = await downloadFromHub(id, { ...options, onProgress, retryDelaysMs: [1, 1, 1] });
    return { model, paths: files.map(({ path }) => path) };
  },
  async abortAfterFirstBytes(id: string, options: Omit<HubDownloadOptions, 'signal'>) {
    const abort = new AbortController();
    await downloadFromHub(id, {
      ...options,
      signal: abort.signal,
      onProgress: ({ file, receivedBytes }) => {
        if (file === 'pytorch_model.bin' && receivedBytes > 0) abort.abort();
      },
    });
  },
  async downloadedHash(id: string, options: HubDownloadOptions) {
    const { model, files } = await downloadFromHub(id, options);
    return { key: model.key, hash: await weightsHash(await openCheckpoint(files)) };
  },
  async hashOf(files: readonly CheckpointFile[]) {
    return weightsHash(await openCheckpoint(files));
  },
  keepCheckpoint,
  async openKept(hash: string) {
    const kept = await openKept(hash);
    return (
      kept && {
        name: kept.model.name,
        paths: kept.files.map(({ path }) => path),
        hash: await weightsHash(await openCheckpoint(kept.files)),
      }
    );
  },
  listCachedModels,
  recordWeightsHash,
  removeCachedModel,
};

export type HubWorker = typeof api;
expose(api);
