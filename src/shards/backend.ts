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
  /** The session that a page saw end in order (its `pagehide`), if any. */
  readonly endedSession: string | null;
  /** Makes the browser's log of IndexedDB safe to append to after an unclean end; see `leveldb-roll.ts`. */
  rollIndexLog(): Promise<void>;
  /** The same for the log of file names: before a file is made. Records can be appended meanwhile. */
  rollNamesLog(): Promise<void>;
  /** A segment takes no further records beyond this. */
  readonly fullBytes: number;
  /** How many empty segment files are kept ready. */
  readonly spareFiles: number;
}
