/** One file of the pool that segments live in. Names are made once and never renamed, overwritten or deleted. */
export interface SegmentFile {
  readonly name: string;
  /** False when another tab (frozen, its lock taken over) still holds the file: it can be read only. */
  readonly isWritable: boolean;
  sizeBytes(): Promise<number>;
  /** Fills `into` from `at`; returns how many bytes there were. */
  read(at: number, into: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Writes all of `bytes` at `at`. @throws NoSpaceError when the disk or the quota is full. */
  write(at: number, bytes: Uint8Array): void;
  /** Returns when the written bytes are on the disk. */
  flush(): void;
  truncate(sizeBytes: number): void;
  /** A lazy view; unreadable after the file's next change. */
  blob(start: number, end: number): Promise<Blob>;
  close(): void;
}

/** Where segment files live. */
export interface SegmentDirectory {
  /** Opens every file of the pool, in order of name. */
  openAll(): Promise<readonly SegmentFile[]>;
  /** Makes a further file of the pool. */
  addFile(): Promise<SegmentFile>;
  /** Keeps some bytes occupied, so that a full disk still has room to record a removal. Best effort. */
  holdReserve(): Promise<void>;
  releaseReserve(): Promise<void>;
  close(): void;
}

/** A write found no room. The store turns it into a sentence. */
export class NoSpaceError extends Error {
  override readonly name: string = 'NoSpaceError';
}

/** Whether an exception of a file or of IndexedDB says that there is no room. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSpaceError' || error.name === 'QuotaExceededError');
}
