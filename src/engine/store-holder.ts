import { NotWriterError } from '../shards/errors.ts';
import { whenLockIsFree } from '../shards/lock.ts';
import { lockName } from '../shards/opfs.ts';
import { openStoreInWorker } from '../shards/worker-store.ts';
import type { RecordStore } from '../shards/store.ts';

/** A tab that is only being reloaded comes back within this time and goes on writing itself. */
const RELOAD_GRACE_MS = 2_000;

/**
 * Opens the record store once. In a tab that only watches it is opened anew, writable, when the writing tab has gone, or
 * at once when this tab is asked to write and nobody else does.
 */
export class StoreHolder {
  readonly #onOpened: (store: RecordStore) => void;
  /** The session that the page saw end in order; spares the next opening the renewal of the browser's logs. */
  endedSession: string | null = null;
  #opening: Promise<RecordStore> | null = null;
  #reopening: Promise<RecordStore> | null = null;
  #current: RecordStore | null = null;

  constructor(onOpened: (store: RecordStore) => void) {
    this.#onOpened = onOpened;
  }

  /** The open store. @throws Error when nothing was opened yet. */
  get current(): RecordStore {
    if (!this.#current) throw new Error('The store is used before it is open.');
    return this.#current;
  }

  get isWritable(): boolean {
    return this.#current?.writable ?? false;
  }

  async open(): Promise<RecordStore> {
    this.#opening ??= this.#open();
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }

  /** The store, writable. @throws NotWriterError while another tab writes. */
  async writer(): Promise<RecordStore> {
    const store = await this.open();
    if (store.writable) return store;
    const again = await this.#reopen(store);
    if (!again.writable) throw new NotWriterError();
    return again;
  }

  async #open(): Promise<RecordStore> {
    const store = await openStoreInWorker({ endedSession: this.endedSession });
    this.#current = store;
    if (!store.writable) void this.#succeed(store);
    this.#onOpened(store);
    return store;
  }

  /** Two callers at once share one attempt. */
  #reopen(store: RecordStore): Promise<RecordStore> {
    this.#reopening ??= (async () => {
      try {
        if (this.#current === store) this.#opening = null;
        const again = await this.open();
        if (again !== store) await store.close();
        return again;
      } finally {
        this.#reopening = null;
      }
    })();
    return this.#reopening;
  }

  /** Takes the writing over when the tab that did it is gone. */
  async #succeed(store: RecordStore): Promise<void> {
    try {
      await whenLockIsFree(lockName());
      await new Promise((resolve) => setTimeout(resolve, RELOAD_GRACE_MS));
      if (this.#current === store) await this.#reopen(store);
    } catch (error) {
      console.warn('This tab could not take over the writing; asking it to write tries again.', error);
    }
  }
}
