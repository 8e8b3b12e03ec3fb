import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Catalog, CatalogRow, CatalogSession, CatalogUpdate } from './catalog.ts';
import { StaleWriterError } from './errors.ts';

/** Tables of the catalog's database. A later version appends a step to `migrations`. */
interface CatalogSchema extends DBSchema {
  records: { key: [string, number]; value: CatalogRow; indexes: { sequence: number } };
  state: { key: string; value: number | CatalogSession };
}

const migrations: readonly ((db: IDBPDatabase<CatalogSchema>) => void)[] = [
  (db) => {
    const records = db.createObjectStore('records', { keyPath: ['file', 'offset'] });
    records.createIndex('sequence', 'sequence');
    db.createObjectStore('state');
  },
];

/** The catalog in IndexedDB, every write `strict`. Opens itself anew when the browser closed the database. */
export class IdbCatalog implements Catalog {
  readonly #name: string;
  #opened: Promise<IDBPDatabase<CatalogSchema>> | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  rows(): Promise<readonly CatalogRow[]> {
    return this.#withDatabase((db) => db.getAllFromIndex('records', 'sequence'));
  }

  rowsAfter(sequence: number): Promise<readonly CatalogRow[]> {
    const range = IDBKeyRange.lowerBound(sequence, true);
    return this.#withDatabase((db) => db.getAllFromIndex('records', 'sequence', range));
  }

  epoch(): Promise<number> {
    return this.#withDatabase(async (db) => Number((await db.get('state', 'epoch')) ?? 0));
  }

  update({ epoch, put, remove }: CatalogUpdate): Promise<void> {
    return this.#withDatabase(async (db) => {
      const transaction = db.transaction(['records', 'state'], 'readwrite', { durability: 'strict' });
      const state = transaction.objectStore('state');
      const latest = Number((await state.get('epoch')) ?? 0);
      if (latest > epoch) {
        transaction.abort();
        await transaction.done.catch(() => undefined);
        throw new StaleWriterError();
      }
      // Requests are not awaited one by one: the transaction's end tells of all of them.
      const requests: Promise<unknown>[] = [];
      if (latest < epoch) requests.push(state.put(epoch, 'epoch'));
      const records = transaction.objectStore('records');
      for (const { file, offset } of remove) requests.push(records.delete([file, offset]));
      for (const row of put) requests.push(records.put(row));
      for (const request of requests) request.catch(() => undefined);
      await transaction.done;
    });
  }

  lastSession(): Promise<CatalogSession | null> {
    return this.#withDatabase(async (db) => {
      const session = await db.get('state', 'session');
      return typeof session === 'object' ? session : null;
    });
  }

  noteSession(session: CatalogSession): Promise<void> {
    return this.#withDatabase(async (db) => {
      const transaction = db.transaction('state', 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.put(session, 'session'), transaction.done]);
    });
  }

  close(): void {
    void this.#opened?.then(
      (db) => db.close(),
      () => undefined,
    );
    this.#opened = null;
  }

  /** Runs `work`, once more on a fresh connection if the browser had closed this one. */
  async #withDatabase<T>(work: (db: IDBPDatabase<CatalogSchema>) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#open());
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error;
      this.#opened = null;
      return work(await this.#open());
    }
  }

  #open(): Promise<IDBPDatabase<CatalogSchema>> {
    this.#opened ??= openDB<CatalogSchema>(this.#name, migrations.length, {
      upgrade: (db, oldVersion) => {
        for (const migrate of migrations.slice(oldVersion)) migrate(db);
      },
      // A later version of the app wants to migrate: let it; the next write here opens anew or says why not.
      blocking: () => this.close(),
      terminated: () => {
        this.#opened = null;
      },
    });
    this.#opened.catch(() => {
      this.#opened = null;
    });
    return this.#opened;
  }
}
