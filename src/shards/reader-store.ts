import type { StoreBackend } from './backend.ts';
import type { CatalogRow } from './catalog.ts';
import { NotWriterError } from './errors.ts';
import { IndexedStore } from './indexed-store.ts';
import { RecordIndex, type IndexedRecord } from './record-index.ts';
import { isRecordHeadFor, recordHeader } from './segment.ts';
import { spareSegment, type Segment } from './segment-pool.ts';
import type { RecordRef, RecordStore, Recovery } from './store.ts';

/** The store of a tab that watches: it reads the catalog, follows every change, and never writes. */
export class ReaderStore extends IndexedStore implements RecordStore {
  readonly writable = false;
  readonly session = null;
  readonly recovery: Recovery = { notices: [], rebuiltCatalog: false, cutBytes: 0, scanMs: 0 };
  readonly #backend: StoreBackend;
  #segments = new Map<string, Segment>();
  #refreshing: Promise<void> = Promise.resolve();

  private constructor(backend: StoreBackend) {
    super(new RecordIndex());
    this.#backend = backend;
  }

  static async open(backend: StoreBackend): Promise<ReaderStore> {
    const store = new ReaderStore(backend);
    await store.#refresh(true);
    backend.channel.listen((change) => {
      void store.#refresh(change.jobs.length === 0).then(
        () => store.announce(change),
        (error: unknown) => console.warn('The store could not be read anew after a change.', error),
      );
    });
    return store;
  }

  /** Reads the rows that are new, or all of them. One refresh at a time. */
  #refresh(everything: boolean): Promise<void> {
    const work = async (): Promise<void> => {
      const { catalog } = this.#backend;
      const rows = await (everything ? catalog.rows() : catalog.rowsAfter(this.index.highestSequence));
      await this.#openFilesOf(rows);
      if (everything) this.index.clear();
      this.index.load(rows.flatMap((row) => this.#indexed(row)));
    };
    this.#refreshing = this.#refreshing.then(work, work);
    return this.#refreshing;
  }

  async #openFilesOf(rows: readonly CatalogRow[]): Promise<void> {
    if (rows.every((row) => this.#segments.has(row.file))) return;
    for (const file of await this.#backend.directory.openAll())
      if (!this.#segments.has(file.name)) this.#segments.set(file.name, spareSegment(file));
  }

  #indexed({ file, ...head }: CatalogRow): IndexedRecord[] {
    const segment = this.#segments.get(file);
    return segment ? [{ ...head, segment }] : [];
  }

  /** Looks whether the record still lies where the catalog said; compaction elsewhere may have moved it. */
  protected override async locate(ref: RecordRef): Promise<IndexedRecord> {
    const record = await super.locate(ref);
    if (await this.#isInPlace(record)) return record;
    await this.#refresh(true);
    return super.locate(ref);
  }

  async #isInPlace({ segment, offset, segmentId, sequence }: IndexedRecord): Promise<boolean> {
    const bytes = new Uint8Array(recordHeader.size);
    const length = await segment.file.read(offset, bytes);
    if (!isRecordHeadFor(bytes.subarray(0, length), 0, offset, segmentId)) return false;
    return new DataView(bytes.buffer).getBigUint64(recordHeader.sequence, true) === BigInt(sequence);
  }

  protected setAside(record: IndexedRecord): Promise<void> {
    this.index.markDamaged(record);
    return Promise.resolve();
  }

  append(): Promise<RecordRef> {
    return Promise.reject(new NotWriterError());
  }

  forget(): Promise<void> {
    return Promise.reject(new NotWriterError());
  }

  removeJob(): Promise<number> {
    return Promise.reject(new NotWriterError());
  }

  compact(): Promise<{ freedBytes: number }> {
    return Promise.reject(new NotWriterError());
  }

  async close(): Promise<void> {
    this.#backend.channel.close();
    await this.#refreshing.catch(() => undefined);
    this.#backend.directory.close();
    this.#backend.catalog.close();
  }
}
