import { openStore } from '../../../src/shards/opfs.ts';
import { openStoreInWorker } from '../../../src/shards/worker-store.ts';
import { recordStoreContract, type StoreBench } from '../../contracts/record-store.ts';

export interface ContractRequest {
  readonly title: string;
  /** In this worker, or in one of the store's own. */
  readonly where: 'here' | 'apart';
}

const openings = { here: openStore, apart: openStoreInWorker };

/** Runs one case of the contract on OPFS and IndexedDB, in a store of its own name. */
globalThis.addEventListener('message', ({ data }: MessageEvent<ContractRequest>) => {
  void runCase(data).then(
    () => postMessage({ title: data.title, error: null }),
    (error: unknown) =>
      postMessage({
        title: data.title,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});

async function runCase({ title, where }: ContractRequest): Promise<void> {
  const contractCase = recordStoreContract.find((each) => each.title === title);
  if (!contractCase) throw new Error(`There is no case “${title}”.`);
  const name = `contract ${crypto.randomUUID()}`;
  const root = await navigator.storage.getDirectory();
  // A failed case leaves its store open; then its folder cannot be removed, and that is not what failed.
  await contractCase.run(benchOf(name, root, openings[where]));
  await root.removeEntry(name, { recursive: true });
  indexedDB.deleteDatabase(name);
}

function benchOf(name: string, root: FileSystemDirectoryHandle, open: typeof openStore): StoreBench {
  return {
    open: (options) => open({ name, rollsLogs: false, spareFiles: 2, lockWaitMs: 0, ...options }),
    wipeCatalog: () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error ?? new Error('The database was not deleted.'));
      }),
    files: async () => {
      const files = new Map<string, Uint8Array<ArrayBuffer>>();
      for await (const handle of (await root.getDirectoryHandle(name)).values())
        if (handle.kind === 'file' && handle.name.endsWith('.seg'))
          files.set(handle.name, new Uint8Array(await (await handle.getFile()).arrayBuffer()));
      return files;
    },
    setFile: async (fileName, bytes) => {
      const handle = await (await root.getDirectoryHandle(name)).getFileHandle(fileName);
      const access = await handle.createSyncAccessHandle();
      access.truncate(0);
      access.write(bytes, { at: 0 });
      access.close();
    },
  };
}
