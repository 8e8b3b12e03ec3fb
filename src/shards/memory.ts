import type { ChangeChannel, StoreBackend } from './backend.ts';
import type { Catalog, CatalogRow, CatalogSession, CatalogUpdate } from './catalog.ts';
import { StaleWriterError } from './errors.ts';
import type { WriterLock } from './lock.ts';
import { LogStore } from './log-store.ts';
import { ReaderStore } from './reader-store.ts';
import { NoSpaceError, type SegmentDirectory, type SegmentFile } from './segment-file.ts';
import type { RecordStore, StoreChange } from './store.ts';

/** A disk in memory: outlives the stores opened on it, and can fail as a real one does. */
export class MemoryDisk {
  readonly files = new Map<string, MemoryFile>();
  readonly rows = new Map<string, CatalogRow>();
  readonly listeners = new Set<(change: StoreChange) => void>();
  /** Bytes that fit; writes beyond it leave a part of what was to be written behind. */
  capacityBytes = Infinity;
  /** True when the catalog has no room left, as IndexedDB may not have either. */
  isCatalogFull = false;
  /** True when giving the reserve up would make room for the catalog. */
  isReserveEnough = false;
  reserveBytes = 0;
  epoch = 0;
  /** How often a store took the end before it for an unclean one. */
  rolls = 0;
  session: CatalogSession | null = null;
  holder: { isLost: boolean } | null = null;
  /** A frozen tab does not learn that its lock was taken. */
  isHolderAsleep = false;

  /** Called at every moment at which a power cut would leave something else behind. */
  onChange: (() => void) | null = null;

  /** The same disk, as it is now, in another computer. */
  clone(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [name, file] of this.files) {
      const twin = new MemoryFile(name, copy);
      twin.bytes = file.bytes.slice();
      copy.files.set(name, twin);
    }
    for (const [place, row] of this.rows) copy.rows.set(place, row);
    copy.epoch = this.epoch;
    copy.session = this.session;
    return copy;
  }

  /** @throws NoSpaceError when the catalog is full */
  requireCatalogRoom(): void {
    if (this.isCatalogFull && !(this.isReserveEnough && this.reserveBytes === 0))
      throw new NoSpaceError('The catalog is full.');
  }

  usedBytes(): number {
    let sum = this.reserveBytes;
    for (const file of this.files.values()) sum += file.bytes.length;
    return sum;
  }

  /** What a wiped IndexedDB looks like. */
  wipeCatalog(): void {
    this.rows.clear();
    this.epoch = 0;
    this.session = null;
  }
}

/** A file of a {@link MemoryDisk}. */
export class MemoryFile implements SegmentFile {
  readonly name: string;
  isWritable = true;
  bytes = new Uint8Array(0);
  readonly #disk: MemoryDisk;

  constructor(name: string, disk: MemoryDisk) {
    this.name = name;
    this.#disk = disk;
  }

  sizeBytes(): Promise<number> {
    return Promise.resolve(this.bytes.length);
  }

  read(at: number, into: Uint8Array<ArrayBuffer>): Promise<number> {
    const part = this.bytes.subarray(at, at + into.length);
    into.set(part);
    return Promise.resolve(part.length);
  }

  write(at: number, bytes: Uint8Array): void {
    const growth = Math.max(0, at + bytes.length - this.bytes.length);
    const room = Math.max(0, this.#disk.capacityBytes - this.#disk.usedBytes());
    const fitting = growth <= room ? bytes : bytes.subarray(0, Math.max(0, bytes.length - (growth - room)));
    if (at + fitting.length > this.bytes.length) {
      const larger = new Uint8Array(at + fitting.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(fitting.subarray(0, fitting.length / 2), at);
    this.#disk.onChange?.();
    this.bytes.set(fitting, at);
    this.#disk.onChange?.();
    if (fitting.length < bytes.length) throw new NoSpaceError(`${this.name} has no room.`);
  }

  flush(): void {
    // Memory is as durable as this disk gets.
  }

  truncate(sizeBytes: number): void {
    const bytes = new Uint8Array(sizeBytes);
    bytes.set(this.bytes.subarray(0, sizeBytes));
    this.bytes = bytes;
    this.#disk.onChange?.();
  }

  blob(start: number, end: number): Promise<Blob> {
    return Promise.resolve(new Blob([this.bytes.slice(start, end)]));
  }

  close(): void {
    // Nothing is held.
  }
}

export interface MemoryOptions {
  readonly fullBytes?: number;
  readonly spareFiles?: number;
  readonly takeOver?: boolean;
  readonly endedSession?: string | null;
}

/** A store in memory: the same code as on OPFS over another disk. For tests, and where no private file system is. */
export async function openMemoryStore(
  disk: MemoryDisk = new MemoryDisk(),
  options: MemoryOptions = {},
): Promise<RecordStore> {
  const lock = lockOf(disk, options.takeOver ?? false);
  const backend: StoreBackend = {
    directory: directoryOf(disk),
    catalog: catalogOf(disk),
    lock,
    channel: channelOf(disk),
    rollNamesLog: () => Promise.resolve(),
    rollIndexLog: async () => {
      disk.rolls += 1;
      if (disk.isCatalogFull) throw new NoSpaceError('The catalog is full.');
    },
    endedSession: options.endedSession ?? null,
    fullBytes: options.fullBytes ?? 1 << 30,
    spareFiles: options.spareFiles ?? 2,
  };
  return lock ? LogStore.open(backend) : ReaderStore.open(backend);
}

function lockOf(disk: MemoryDisk, takeOver: boolean): WriterLock | null {
  if (disk.holder && !takeOver) return null;
  if (disk.holder && !disk.isHolderAsleep) disk.holder.isLost = true;
  const state = { isLost: false };
  disk.holder = state;
  return {
    get isLost() {
      return state.isLost;
    },
    tookOver: takeOver,
    release: () => {
      if (disk.holder === state) disk.holder = null;
    },
  };
}

function directoryOf(disk: MemoryDisk): SegmentDirectory {
  return {
    openAll: () => Promise.resolve([...disk.files.values()]),
    addFile: () => {
      const file = new MemoryFile(`segment-${String(disk.files.size).padStart(4, '0')}.seg`, disk);
      disk.files.set(file.name, file);
      return Promise.resolve(file);
    },
    holdReserve: () => {
      const wanted = Number.isFinite(disk.capacityBytes) ? 4096 : 0;
      if (disk.usedBytes() + wanted <= disk.capacityBytes) disk.reserveBytes = wanted;
      return Promise.resolve();
    },
    releaseReserve: () => {
      disk.reserveBytes = 0;
      return Promise.resolve();
    },
    close: () => undefined,
  };
}

function catalogOf(disk: MemoryDisk): Catalog {
  const placeOf = ({ file, offset }: Pick<CatalogRow, 'file' | 'offset'>): string => `${file} ${offset}`;
  const sorted = (): CatalogRow[] => [...disk.rows.values()].sort((a, b) => a.sequence - b.sequence);
  return {
    rows: () => Promise.resolve(sorted()),
    rowsAfter: (sequence) => Promise.resolve(sorted().filter((row) => row.sequence > sequence)),
    epoch: () => Promise.resolve(disk.epoch),
    update: async ({ epoch, put, remove }: CatalogUpdate) => {
      if (disk.epoch > epoch) throw new StaleWriterError();
      if (put.length > 0 || disk.epoch < epoch) disk.requireCatalogRoom();
      disk.epoch = epoch;
      for (const row of remove) disk.rows.delete(placeOf(row));
      for (const row of put) disk.rows.set(placeOf(row), structuredClone(row));
      disk.onChange?.();
    },
    lastSession: () => Promise.resolve(disk.session),
    noteSession: async (session) => {
      disk.requireCatalogRoom();
      disk.session = session;
    },
    close: () => undefined,
  };
}

function channelOf(disk: MemoryDisk): ChangeChannel {
  let own: ((change: StoreChange) => void) | null = null;
  return {
    post: (change) => {
      for (const listener of disk.listeners) if (listener !== own) listener(change);
    },
    listen: (listener) => {
      own = listener;
      disk.listeners.add(listener);
    },
    close: () => {
      if (own) disk.listeners.delete(own);
    },
  };
}
