import type { StoreBackend } from './backend.ts';
import { differenceOf, type CatalogDifference, type CatalogRow } from './catalog.ts';
import { createDigest, type Digest } from './digest128.ts';
import { NotWriterError, StaleWriterError, StorageFullError } from './errors.ts';
import { IndexedStore, WORTH_COMPACTING_BYTES, footprint } from './indexed-store.ts';
import { readPayload } from './payload.ts';
import { RecordIndex, toRef, type IndexedRecord } from './record-index.ts';
import { cutBack, writeRecord } from './record-writer.ts';
import { reconcile } from './reconcile.ts';
import { recoverSegments } from './recover.ts';
import { alignUp, type RecordOperation } from './segment.ts';
import { isNoSpace } from './segment-file.ts';
import { SegmentPool, type Segment } from './segment-pool.ts';
import type { JsonValue, RecordRef, RecordStore, Recovery } from './store.ts';
import { WriterSession } from './writer-session.ts';

/** Segments with less dead weight than this are not rewritten when a job is removed; `compact` still does. */
const WORTH_REWRITING_BYTES = 1 << 20;
const ROOM_ATTEMPTS = 10;
const ROOM_WAIT_MS = 500;
/** Room reckoned for a record's header when a segment is chosen. */
const HEADER_ALLOWANCE_BYTES = 4096;

/** What an append asks for, before it has a place. */
interface Entry {
  readonly operation: RecordOperation;
  readonly job: string;
  readonly kind: string;
  readonly key: string;
  readonly meta: JsonValue;
}

/** The writer's store: segments, index, catalog. One mutation at a time, in the order they were asked for. */
export class LogStore extends IndexedStore implements RecordStore {
  readonly writable = true;
  readonly recovery: Recovery;
  readonly #backend: StoreBackend;
  readonly #digest: Digest;
  readonly #pool: SegmentPool;
  /** Bytes each job has appended; decides when it gets segments of its own. */
  readonly #jobBytes = new Map<string, number>();
  readonly #session: WriterSession;
  /** The mutation in hand; the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();
  #nextSequence: number;
  #isCatalogBehind = false;
  #isClosed = false;

  private constructor(
    backend: StoreBackend,
    digest: Digest,
    index: RecordIndex,
    pool: SegmentPool,
    recovery: Recovery,
    difference: CatalogDifference,
  ) {
    super(index);
    this.#backend = backend;
    this.#digest = digest;
    this.#pool = pool;
    this.recovery = recovery;
    this.#nextSequence = index.highestSequence + 1;
    this.#recount();
    this.#session = new WriterSession({
      backend,
      pool,
      difference,
      highestEpoch: index.highestEpoch,
      fence: (held) => this.#fence(held),
    });
    // Every append awaits it and reports its failure.
    this.#session.ready().catch(() => undefined);
  }

  get session(): string {
    return this.#session.id;
  }

  /** Scans, cuts, compares with the catalog. Preparations for writing go on after it returns; appends await them. */
  static async open(backend: StoreBackend): Promise<LogStore> {
    const digest = await createDigest();
    const { directory, catalog } = backend;
    // A tab whose lock was taken over may still be awake: it must fail before the segments are read.
    if (backend.lock?.tookOver)
      await catalog.update({ epoch: (await catalog.epoch()) + 1, put: [], remove: [] });
    const recovered = await recoverSegments(await directory.openAll(), digest);
    const index = new RecordIndex();
    index.load(recovered.records);
    const listed = await catalog.rows();
    const { difference, isRebuilt, notices } = reconcile(recovered.records.map(rowOf), listed);
    const recovery = {
      notices: [...recovered.notices, ...notices],
      rebuiltCatalog: isRebuilt,
      cutBytes: recovered.cutBytes,
      scanMs: recovered.scanMs,
    };
    const pool = new SegmentPool(directory, recovered.segments, digest, backend);
    return new LogStore(backend, digest, index, pool, recovery, difference);
  }

  /** Seals what a frozen tab may still hold: what it adds after waking does not count. */
  async #fence(held: readonly Segment[]): Promise<void> {
    const ends: Record<string, number> = {};
    for (const { segmentId, end } of held) ends[(segmentId ?? 0n).toString(16)] = end;
    await this.#write({ operation: 'fence', job: '', kind: '', key: '', meta: { ends } }, []);
  }

  append(
    job: string,
    kind: string,
    key: string,
    meta: JsonValue,
    payload: Uint8Array | readonly Uint8Array[],
  ): Promise<RecordRef> {
    refuseLineBreaks(job, kind);
    const pieces = payload instanceof Uint8Array ? [payload] : payload;
    return this.#serially(async () =>
      toRef(await this.#write({ operation: 'put', job, kind, key, meta }, pieces)),
    );
  }

  forget(job: string, kind: string, key: string): Promise<void> {
    return this.#serially(async () => {
      if (this.index.find(job, kind, key)) await this.#forget(job, kind, key, null);
    });
  }

  async #forget(job: string, kind: string, key: string, meta: JsonValue): Promise<void> {
    await this.#write({ operation: 'forget', job, kind, key, meta }, []);
  }

  async #write(entry: Entry, pieces: readonly Uint8Array[]): Promise<IndexedRecord> {
    const payloadBytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    try {
      return await this.#tryWrite(entry, pieces, payloadBytes);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      if (entry.operation === 'put') throw new StorageFullError(payloadBytes, { cause: error });
    }
    // A removal must work on a full disk: it is what makes room.
    await this.#backend.directory.releaseReserve();
    try {
      return await this.#tryWrite(entry, pieces, payloadBytes);
    } catch (error) {
      throw isNoSpace(error) ? new StorageFullError(null, { cause: error }) : error;
    }
  }

  async #tryWrite(entry: Entry, pieces: readonly Uint8Array[], payloadBytes: number): Promise<IndexedRecord> {
    this.#requireWriter();
    for (const segment of this.#pool.segments) if (segment.needsCut) cutBack(segment, segment.end);
    // Tombstones of a whole job and fences belong to nobody's own segment.
    const home = entry.operation === 'put' || entry.operation === 'forget' ? entry.job : '';
    const room = alignUp(payloadBytes) + HEADER_ALLOWANCE_BYTES;
    const segment = await this.#pool.choose(home, room, this.#jobBytes.get(home) ?? 0);
    const previousEnd = segment.end;
    const unplaced = { ...entry, sequence: this.#nextSequence, epoch: this.#session.epoch };
    const record = writeRecord(segment, unplaced, pieces, this.#digest);
    try {
      await this.#list([record], []);
    } catch (error) {
      cutBack(segment, previousEnd);
      throw error;
    }
    this.#nextSequence += 1;
    this.index.add(record);
    this.#count(record);
    this.#tell([entry.job]);
    return record;
  }

  /** Brings the catalog up to date, durably. A broken catalog does not undo what is safe in a segment. */
  async #list(
    put: readonly IndexedRecord[],
    remove: readonly Pick<CatalogRow, 'file' | 'offset'>[],
  ): Promise<void> {
    const { catalog } = this.#backend;
    try {
      if (this.#isCatalogBehind) {
        const actual = [...this.index.physical()].map(rowOf);
        await catalog.update({ ...differenceOf(actual, await catalog.rows()), epoch: this.#session.epoch });
        this.#isCatalogBehind = false;
      }
      await catalog.update({ epoch: this.#session.epoch, put: put.map(rowOf), remove });
    } catch (error) {
      if (isNoSpace(error) || error instanceof StaleWriterError) throw error;
      console.warn('The index of the record store could not be written; the next write tries again.', error);
      this.#isCatalogBehind = true;
    }
  }

  protected setAside(record: IndexedRecord): Promise<void> {
    this.index.markDamaged(record);
    const { job, kind, key, sequence } = record;
    return this.#serially(async () => {
      if (this.index.find(job, kind, key)) return;
      try {
        await this.#forget(job, kind, key, { damaged: sequence });
      } catch (error) {
        // On a full disk it counts as absent for this session, and is found again in the next.
        if (!(error instanceof StorageFullError)) throw error;
      }
    });
  }

  compact(job: string): Promise<{ freedBytes: number }> {
    return this.#serially(async () => ({
      freedBytes: await this.#compactSegmentsOf(job, WORTH_COMPACTING_BYTES),
    }));
  }

  removeJob(job: string): Promise<number> {
    return this.#serially(async () => {
      let freedBytes = 0;
      if (this.index.records(job).length > 0) {
        const tombstone: Entry = { operation: 'remove-job', job, kind: '', key: '', meta: null };
        try {
          await this.#write(tombstone, []);
        } catch (error) {
          if (!(error instanceof StorageFullError)) throw error;
          // No room even for a tombstone: what is the job's alone goes first. A kill now leaves a part to remove again.
          freedBytes = this.#emptyOwnSegments(job);
          await this.#writeWhenRoomShows(tombstone);
        }
      }
      try {
        freedBytes += await this.#compactSegmentsOf(job, WORTH_REWRITING_BYTES);
      } catch (error) {
        // The job is gone all the same; rewriting what it shared with others waits for a `compact`.
        if (!(error instanceof StorageFullError)) throw error;
      }
      await this.#backend.directory.holdReserve();
      return freedBytes;
    });
  }

  /** Browsers take a few seconds to notice that a disk is no longer full. */
  async #writeWhenRoomShows(entry: Entry): Promise<void> {
    for (let attempt = 1; ; attempt += 1)
      try {
        await this.#write(entry, []);
        return;
      } catch (error) {
        if (!(error instanceof StorageFullError) || attempt === ROOM_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, ROOM_WAIT_MS));
      }
  }

  #emptyOwnSegments(job: string): number {
    this.#requireWriter();
    let freedBytes = 0;
    for (const segment of this.#pool.segments)
      if (segment.owner === job && segment.file.isWritable) {
        freedBytes += segment.end;
        this.index.replaceSegment(segment, []);
        this.#pool.release(segment);
      }
    // The rows go with the next write, when there is room for it.
    this.#isCatalogBehind = true;
    return freedBytes;
  }

  /** Frees the dead weight of the segments that hold records of this job, where it is at least so much. */
  async #compactSegmentsOf(job: string, leastBytes: number): Promise<number> {
    let freedBytes = 0;
    for (const { segment } of this.wastedSegments(job, leastBytes))
      if (segment.file.isWritable) freedBytes += await this.#empty(segment);
    this.#recount();
    return freedBytes;
  }

  /** Copies what is needed to a fresh segment, lists the copies, and only then empties the old file. */
  async #empty(segment: Segment): Promise<number> {
    this.#requireWriter();
    // Asked anew: emptying another segment may have made a tombstone needless.
    const needed = this.index.needed(segment);
    segment.isSealed = true;
    const copies = await this.#copy(segment, needed).finally(() => {
      segment.isSealed = false;
    });
    await this.#list(copies, []);
    const before = segment.end;
    const left = [...this.index.physical()].filter((record) => record.segment === segment);
    const unlisted = left.map(({ offset }) => ({ file: segment.file.name, offset }));
    this.index.replaceSegment(segment, copies);
    this.#pool.release(segment);
    await this.#list([], unlisted);
    this.#tell([]);
    return before - (copies[0]?.segment.end ?? 0);
  }

  async #copy(segment: Segment, needed: readonly IndexedRecord[]): Promise<IndexedRecord[]> {
    if (needed.length === 0) return [];
    let target: Segment | null = null;
    try {
      target = await this.#pool.claimLike(segment);
      const copies: IndexedRecord[] = [];
      for (const record of needed) {
        const payload = await readPayload(segment.file, record, 0, record.payloadBytes);
        if (this.#digest.hex([payload]) === record.payloadDigest)
          copies.push(
            writeRecord(target, { ...record, epoch: this.#session.epoch }, [payload], this.#digest),
          );
        else {
          this.index.markDamaged(record);
          await this.#forget(record.job, record.kind, record.key, { damaged: record.sequence });
        }
      }
      return copies;
    } catch (error) {
      if (target) this.#pool.release(target);
      if (!isNoSpace(error)) throw error;
      const neededBytes = needed.reduce((sum, record) => sum + footprint(record), 0);
      throw new StorageFullError(neededBytes, { cause: error });
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const { catalog, directory, lock, channel } = this.#backend;
    await Promise.all([this.#session.settled(), this.#last]);
    this.#isClosed = true;
    if (lock?.isLost === false) await this.#session.noteEnd();
    directory.close();
    catalog.close();
    channel.close();
    lock?.release();
  }

  #tell(jobs: readonly string[]): void {
    this.announce({ jobs });
    this.#backend.channel.post({ jobs });
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = Promise.all([this.#session.ready(), this.#last]).then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #requireWriter(): void {
    if (this.#isClosed) throw new NotWriterError();
    if (this.#backend.lock?.isLost !== false) throw new StaleWriterError();
  }

  #recount(): void {
    this.#jobBytes.clear();
    for (const record of this.index.physical()) this.#count(record);
  }

  #count({ job, payloadBytes }: IndexedRecord): void {
    this.#jobBytes.set(job, (this.#jobBytes.get(job) ?? 0) + payloadBytes);
  }
}

function rowOf({ segment, ...head }: IndexedRecord): CatalogRow {
  return { ...head, file: segment.file.name };
}

function refuseLineBreaks(...names: readonly string[]): void {
  for (const name of names)
    if (name === '' || name.includes('\n'))
      throw new TypeError(
        `${JSON.stringify(name)} cannot name a job or a kind: it is empty or has a line break.`,
      );
}
