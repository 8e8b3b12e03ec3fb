import type { RecordHead } from './segment.ts';

/** One row: a record's head and the file it lies in. Plain data, structured-clonable. */
export interface CatalogRow extends RecordHead {
  /** Name of the segment file. */
  readonly file: string;
}

/**
 * The index over the segments: what another tab reads without scanning, and where the writer's epoch is checked. It
 * can always be written anew from the segments, and nothing is ever deleted because it is empty.
 */
export interface Catalog {
  rows(): Promise<readonly CatalogRow[]>;
  /** Rows with a sequence above this one, in order. */
  rowsAfter(sequence: number): Promise<readonly CatalogRow[]>;
  /** The epoch of the latest writer; 0 when there was none. */
  epoch(): Promise<number>;
  /** Adds and removes rows and sets the epoch, durably, in one transaction. @throws StaleWriterError */
  update(change: CatalogUpdate): Promise<void>;
  /** The latest writer's session; null when none is known. */
  lastSession(): Promise<CatalogSession | null>;
  /** Notes a writer's session as begun or, `isClosed`, as ended in order. Durable. */
  noteSession(session: CatalogSession): Promise<void>;
  close(): void;
}

export interface CatalogSession {
  readonly id: string;
  readonly isClosed: boolean;
}

export interface CatalogUpdate {
  readonly epoch: number;
  readonly put: readonly CatalogRow[];
  readonly remove: readonly Pick<CatalogRow, 'file' | 'offset'>[];
}

export interface CatalogDifference {
  readonly put: readonly CatalogRow[];
  readonly remove: readonly CatalogRow[];
}

/** What has to change in the catalog for it to say what the segments say. */
export function differenceOf(
  actual: readonly CatalogRow[],
  listed: readonly CatalogRow[],
): CatalogDifference {
  const keyOf = (row: CatalogRow): string =>
    `${row.file} ${row.offset} ${row.segmentId} ${row.sequence} ${row.payloadDigest} ${row.epoch}`;
  const placeOf = (row: CatalogRow): string => `${row.file} ${row.offset}`;
  const listedKeys = new Set(listed.map(keyOf));
  const actualPlaces = new Set(actual.map(placeOf));
  return {
    put: actual.filter((row) => !listedKeys.has(keyOf(row))),
    remove: listed.filter((row) => !actualPlaces.has(placeOf(row))),
  };
}
