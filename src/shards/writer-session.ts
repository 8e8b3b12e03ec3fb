import type { StoreBackend } from './backend.ts';
import type { CatalogDifference } from './catalog.ts';
import { StaleWriterError, StorageFullError } from './errors.ts';
import { isNoSpace } from './segment-file.ts';
import type { Segment, SegmentPool } from './segment-pool.ts';

export interface WriterSessionParts {
  readonly backend: StoreBackend;
  readonly pool: SegmentPool;
  /** What the catalog lacked or had too much when the store was opened. */
  readonly difference: CatalogDifference;
  /** Of the records found in the segments. */
  readonly highestEpoch: number;
  /** Seals segments that a frozen tab may still hold. */
  fence(held: readonly Segment[]): Promise<void>;
}

/** One writer's time at the store: what is done before its first write and after its last. */
export class WriterSession {
  readonly id: string = crypto.randomUUID();
  readonly #parts: WriterSessionParts;
  /** What has to be done before the first write; reading does not wait for it. Null before the first try. */
  #prepared: Promise<void> | null = null;
  /** What has to be done before the first file is made; writing to files that are there does not wait for it. */
  #stocked: Promise<void> | null = null;
  /** The catalog's epoch as this session knows it: found at its first try, then its own. */
  #knownEpoch: number | null = null;
  #epoch = 0;

  constructor(parts: WriterSessionParts) {
    this.#parts = parts;
  }

  /** Higher than that of every writer before; 0 until ready. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Prepares for writing once; where there was no room, anew with the next call.
   * @throws StorageFullError; StaleWriterError where another tab became the writer between two tries
   */
  ready(): Promise<void> {
    this.#prepared ??= this.#prepare().catch((error: unknown) => {
      if (error instanceof StorageFullError) this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  /** Resolves when nothing of the preparations is under way. */
  async settled(): Promise<void> {
    await this.#prepared?.catch(() => undefined);
    await this.#stocked;
  }

  /** Notes that this writer ended in order. */
  async noteEnd(): Promise<void> {
    try {
      await this.#parts.backend.catalog.noteSession({ id: this.id, isClosed: true });
    } catch (error) {
      // The next session takes this one's end for a kill and is only slower to begin.
      if (!isNoSpace(error)) throw error;
    }
  }

  async #prepare(): Promise<void> {
    try {
      return await this.#begin();
    } catch (error) {
      if (!isNoSpace(error) && !(error instanceof StorageFullError)) throw error;
    }
    // A removal, which makes room, needs all this as well. Stocking up takes the reserve, so it is waited for.
    await this.#stocked;
    await this.#parts.backend.directory.releaseReserve();
    try {
      await this.#begin();
    } catch (error) {
      throw isNoSpace(error) ? new StorageFullError(null, { cause: error }) : error;
    }
  }

  async #begin(): Promise<void> {
    const { backend, pool, difference, highestEpoch } = this.#parts;
    const { catalog, channel, endedSession } = backend;
    this.#knownEpoch ??= await catalog.epoch();
    const last = await catalog.lastSession();
    const endedInOrder = last !== null && (last.isClosed || last.id === endedSession);
    this.#stocked ??= this.#stock(endedInOrder ? Promise.resolve() : backend.rollNamesLog());
    if (!endedInOrder) await this.#rollIndexLog();
    const found = await catalog.epoch();
    if (found > this.#knownEpoch) throw new StaleWriterError();
    await catalog.noteSession({ id: this.id, isClosed: false });
    this.#epoch = Math.max(found, highestEpoch) + 1;
    await catalog.update({ ...difference, epoch: this.#epoch });
    this.#knownEpoch = this.#epoch;
    const held = pool.segments.filter(({ segmentId, file }) => segmentId !== null && !file.isWritable);
    if (held.length > 0) await this.#parts.fence(held);
    channel.post({ jobs: [] });
  }

  /** Without the room for it, a catalog that a torn log costs is built anew from the segments: nothing is lost. */
  async #rollIndexLog(): Promise<void> {
    try {
      await this.#parts.backend.rollIndexLog();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      console.warn('There is no room to renew the log of the index.', error);
    }
  }

  async #stock(safe: Promise<void>): Promise<void> {
    const { pool, backend } = this.#parts;
    try {
      await pool.topUp(safe);
      await backend.directory.holdReserve();
    } catch (error) {
      console.warn('No spare segment files could be made; they are made when they are needed.', error);
    }
  }
}
