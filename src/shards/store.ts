import type { JsonValue } from '../lib/canonical-json.ts';

/**
 * The record store, in five lines:
 * 1. The truth is a set of append-only segment files of self-describing, digested records (`segment.ts`).
 * 2. A record is (job, kind, key) → JSON meta + payload bytes; a later record of the same three replaces the earlier.
 * 3. `append` resolves only after the bytes are flushed and indexed; what it acknowledged survives a kill.
 * 4. The catalog is an index that is rebuilt from the segments whenever the two disagree; it never deletes anything.
 * 5. One tab writes (Web Lock + epoch); the others read and are told of changes.
 */

export type { JsonValue };

/** A record as listed; its payload is read on demand. Plain data: it may cross to the page. */
export interface RecordRef {
  /** Extraction id, run id or dataset id. */
  readonly job: string;
  /** What it is: `spec`, `shard`, `run`, `checkpoint`, `labels`… */
  readonly kind: string;
  /** Name within job and kind, e.g. `shard_0000-0099`. */
  readonly key: string;
  /** What a listing needs without reading the payload (ranges, metrics); a few KB at most. */
  readonly meta: JsonValue;
  /** Bytes of the payload. */
  readonly sizeBytes: number;
  /** Rises with every append in the whole store; identifies this very record. */
  readonly sequence: number;
}

/** What opening found and did, each notice a sentence for a person. */
export interface Recovery {
  readonly notices: readonly string[];
  /** True when the catalog disagreed with the segments and was written anew from them. */
  readonly rebuiltCatalog: boolean;
  /** Bytes of unacknowledged, half-written records that were cut off. */
  readonly cutBytes: number;
  /** Milliseconds the scan of all segment headers took. */
  readonly scanMs: number;
}

export interface VerifyProgress {
  readonly checked: number;
  readonly total: number;
}

export interface JobSpace {
  /** Bytes of the records that count. */
  readonly liveBytes: number;
  /** Bytes of replaced, forgotten or damaged records that compaction would free. */
  readonly freeableBytes: number;
}

export interface StoreChange {
  /** The jobs whose records changed; empty when everything should be read anew. */
  readonly jobs: readonly string[];
}

export interface RecordStore {
  /** False in a tab that does not hold the writer's lock; it reads and is refreshed on every change. */
  readonly writable: boolean;
  readonly recovery: Recovery;
  /**
   * Names this writer's session; null in a tab that reads. A page that writes it to localStorage on `pagehide`, and
   * gives it to the next `openStore` as `endedSession`, spares that one the precautions against a crash.
   */
  readonly session: string | null;

  /** Jobs with at least one live record, in order of their first live record. */
  jobs(): Promise<readonly string[]>;
  /** Live records of a job, in order of sequence. */
  records(job: string, kind?: string): Promise<readonly RecordRef[]>;
  /** The live record of that name, or null. */
  find(job: string, kind: string, key: string): Promise<RecordRef | null>;

  /**
   * Writes, flushes and indexes one record; resolves only when it is safe. Appends are carried out one after another.
   * With `isHandedOver` the payload's buffers are the store's from now on: it may move them to its worker uncopied.
   * @throws StorageFullError (nothing of it remains; earlier records are untouched), NotWriterError, StaleWriterError.
   */
  append(
    job: string,
    kind: string,
    key: string,
    meta: JsonValue,
    payload: Uint8Array | readonly Uint8Array[],
    options?: { readonly isHandedOver?: boolean },
  ): Promise<RecordRef>;

  /** The payload, its digest checked. @throws DamagedRecordError, MissingRecordError. */
  read(ref: RecordRef): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Part of the payload; the digest is not checked. Goes on working while records are appended.
   * @param spare Memory the caller has no more use for, as in `ByteSource.read`.
   */
  readRange(
    ref: RecordRef,
    offset: number,
    length: number,
    spare?: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The payload in pieces of about 1 MB, digest checked at the end. Goes on working while records are appended. */
  stream(ref: RecordRef): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** A lazy blob over the payload. Unreadable after the next append of the same job: prefer `stream` for those. */
  slice(ref: RecordRef): Promise<Blob>;

  /** Takes a record out, durably (a tombstone); its space comes back by `compact`. */
  forget(job: string, kind: string, key: string): Promise<void>;
  /** Takes a whole job out, durably, and frees what can be freed at once. Returns the bytes freed. */
  removeJob(job: string): Promise<number>;

  /** Reads every live record of a job and checks its digest. Damaged ones count as absent from then on. */
  verify(
    job: string,
    onProgress?: (progress: VerifyProgress) => void,
  ): Promise<{ readonly checked: number; readonly damaged: readonly RecordRef[] }>;
  space(job: string): Promise<JobSpace>;
  /** Rewrites the live records of the segments that hold dead records of this job, then frees the old segments. */
  compact(job: string): Promise<{ readonly freedBytes: number }>;

  /** Calls back after every change, made here or in another tab, until the returned function is called. */
  subscribe(listener: (change: StoreChange) => void): () => void;
  /** Releases files, lock and catalog. Not needed before a tab closes: everything acknowledged is already safe. */
  close(): Promise<void>;
}
