import type { ChangeChannel, StoreBackend } from './backend.ts';
import { StorageUnavailableError } from './errors.ts';
import { IdbCatalog } from './idb-catalog.ts';
import { rollIndexedDb, rollOpfsNames } from './leveldb-roll.ts';
import { acquireWriterLock } from './lock.ts';
import { LogStore } from './log-store.ts';
import { OpfsDirectory } from './opfs-directory.ts';
import { ReaderStore } from './reader-store.ts';
import type { RecordStore, StoreChange } from './store.ts';

export interface OpenStoreOptions {
  /** Folder, database and lock carry this name. */
  readonly name?: string;
  /** Takes the writing over from a tab that still holds it (a frozen one): asked for by the person. */
  readonly takeOver?: boolean;
  /**
   * The `session` that the page noted in localStorage when it was hidden for good (`pagehide`). Where it is that of the
   * last writer, its end was no crash and the browser's logs need no renewal (2 s in the background before the first
   * append).
   */
  readonly endedSession?: string | null;
  /** How long to wait for a writer that is just going away. */
  readonly lockWaitMs?: number;
  /** A segment takes no further records beyond this. */
  readonly fullBytes?: number;
  /** Empty segment files kept ready. */
  readonly spareFiles?: number;
  /** False leaves the browser's metadata logs alone after an unclean end; only tests want that. */
  readonly rollsLogs?: boolean;
}

/**
 * The store in the origin's private file system, indexed in IndexedDB. Call it in a dedicated worker. Where another
 * tab holds the writer's lock, the store returned is not writable and follows the other tab's changes.
 * @throws StorageUnavailableError where there is no private file system.
 */
export async function openStore(options: OpenStoreOptions = {}): Promise<RecordStore> {
  const { name = 'record-store', takeOver = false, lockWaitMs = 1500 } = options;
  const folder = await openFolder(name);
  const lock = await acquireWriterLock(lockName(name), { waitMs: lockWaitMs, takeOver });
  const backend: StoreBackend = {
    directory: new OpfsDirectory(folder, { writes: lock !== null, takeOver }),
    catalog: new IdbCatalog(name),
    lock,
    channel: channelOf(name),
    endedSession: options.endedSession ?? null,
    rollIndexLog: () => bestEffort(options, rollIndexedDb),
    rollNamesLog: () => bestEffort(options, () => rollOpfsNames(folder)),
    fullBytes: options.fullBytes ?? 1 << 30,
    spareFiles: options.spareFiles ?? 8,
  };
  try {
    return await (lock ? LogStore.open(backend) : ReaderStore.open(backend));
  } catch (error) {
    backend.directory.close();
    backend.catalog.close();
    backend.channel.close();
    lock?.release();
    throw error;
  }
}

/** Name of the writer's Web Lock, for {@link whenLockIsFree}. */
export function lockName(storeName = 'record-store'): string {
  return `${storeName} writer`;
}

async function openFolder(name: string): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(name, { create: true });
  } catch (error) {
    throw new StorageUnavailableError(
      'This browser gives the page no private storage (a private window, or cookies and site data are blocked). Allow site data for this page, or use a normal window.',
      { cause: error },
    );
  }
}

/** A failed roll costs safety against a rare double fault, not the session. */
async function bestEffort({ rollsLogs = true }: OpenStoreOptions, roll: () => Promise<void>): Promise<void> {
  if (!rollsLogs) return;
  try {
    await roll();
  } catch (error) {
    console.warn("The browser's metadata logs could not be renewed after an unclean end.", error);
  }
}

function channelOf(name: string): ChangeChannel {
  const channel = new BroadcastChannel(`${name} changes`);
  return {
    post: (change) => channel.postMessage(change),
    listen: (listener) => {
      channel.addEventListener('message', (event: MessageEvent<StoreChange>) => listener(event.data));
    },
    close: () => channel.close(),
  };
}
