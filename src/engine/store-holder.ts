import { NotWriterError } from '../shards/errors.ts';
import { openStore } from '../shards/opfs.ts';
import type { RecordStore } from '../shards/store.ts';

/**
 * Opens the record store once, and opens it anew when a tab that only watched is asked to write and the former writer
 * is gone.
 */
export class StoreHolder {
  readonly #onOpened: (store: RecordStore) => void;
  /** The session that the page saw end in order; spares the next opening the renewal of the browser's logs. */
  endedSession: string | null = null;
  #opening: Promise<RecordStore> | null = null;
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
    await store.close();
    this.#opening = null;
    const again = await this.open();
    if (!again.writable) throw new NotWriterError();
    return again;
  }

  async #open(): Promise<RecordStore> {
    this.#current = await openStore({ endedSession: this.endedSession });
    this.#onOpened(this.#current);
    return this.#current;
  }
}
