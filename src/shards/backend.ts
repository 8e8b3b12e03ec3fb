import type { Catalog } from './catalog.ts';
import type { WriterLock } from './lock.ts';
import type { SegmentDirectory } from './segment-file.ts';
import type { StoreChange } from './store.ts';

/** Tells other tabs of changes. */
export interface ChangeChannel {
  post(change: StoreChange): void;
  /** Called for changes made elsewhere. */
  listen(listener: (change: StoreChange) => void): void;
  close(): void;
}

/** What a store runs on: OPFS and IndexedDB (`opfs.ts`), or memory (`memory.ts`). */
export interface StoreBackend {
  readonly directory: SegmentDirectory;
  readonly catalog: Catalog;
  /** Null in a tab that only reads. */
  readonly lock: WriterLock | null;
  readonly channel: ChangeChannel;
  /** Makes the browser's own metadata logs safe to append to after a kill; see `leveldb-roll.ts`. */
  rollLogs(): Promise<void>;
  /** A segment takes no further records beyond this. */
  readonly fullBytes: number;
  /** How many empty segment files are kept ready. */
  readonly spareFiles: number;
}
