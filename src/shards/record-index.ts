import type { RecordHead } from './segment.ts';
import type { Segment } from './segment-pool.ts';
import type { JsonValue, RecordRef } from './store.ts';

/** A record and where it lies now (compaction moves it). */
export interface IndexedRecord extends RecordHead {
  readonly segment: Segment;
}

/** What a fence record says: up to where each segment that an older writer still held is valid. */
export interface FenceMeta {
  readonly ends: Readonly<Record<string, number>>;
  readonly [name: string]: JsonValue;
}

/** Which records count: the fold, in order of sequence, of puts, forgets and job removals. In memory. */
export class RecordIndex {
  /** Every record that lies in some segment; two copies of one record where a compaction was interrupted. */
  readonly #physical = new Set<IndexedRecord>();
  readonly #bySequence = new Map<number, IndexedRecord>();
  readonly #live = new Map<string, Map<string, IndexedRecord>>();
  /** Sequences of records whose payload was found damaged: they count as forgotten. */
  readonly #damaged = new Set<number>();
  #highestSequence = 0;
  #highestEpoch = 0;

  get highestSequence(): number {
    return this.#highestSequence;
  }

  get highestEpoch(): number {
    return this.#highestEpoch;
  }

  /** Takes in many records in any order. */
  load(records: Iterable<IndexedRecord>): void {
    for (const record of records) this.#physical.add(record);
    this.#refold();
  }

  clear(): void {
    this.#physical.clear();
    this.#refold();
  }

  /** Takes in the newest record. */
  add(record: IndexedRecord): void {
    this.#physical.add(record);
    this.#bySequence.set(record.sequence, record);
    this.#fold(record);
  }

  /** Uses the copies instead of whatever the segment holds, whose file is about to be emptied. */
  replaceSegment(segment: Segment, copies: readonly IndexedRecord[]): void {
    for (const record of this.#physical) if (record.segment === segment) this.#physical.delete(record);
    this.load(copies);
  }

  /** From now on the record counts as forgotten. */
  markDamaged(record: IndexedRecord): void {
    this.#damaged.add(record.sequence);
    if (this.isLive(record)) this.#forget(record);
  }

  jobs(): string[] {
    const first = (names: Map<string, IndexedRecord>): number => {
      let lowest = Infinity;
      for (const record of names.values()) lowest = Math.min(lowest, record.sequence);
      return lowest;
    };
    return [...this.#live]
      .map(([job, names]) => ({ job, first: first(names) }))
      .sort((a, b) => a.first - b.first)
      .map(({ job }) => job);
  }

  records(job: string, kind?: string): IndexedRecord[] {
    return [...(this.#live.get(job)?.values() ?? [])]
      .filter((record) => kind === undefined || record.kind === kind)
      .sort((a, b) => a.sequence - b.sequence);
  }

  find(job: string, kind: string, key: string): IndexedRecord | null {
    return this.#live.get(job)?.get(nameOf(kind, key)) ?? null;
  }

  bySequence(sequence: number): IndexedRecord | null {
    return this.#bySequence.get(sequence) ?? null;
  }

  physical(): Iterable<IndexedRecord> {
    return this.#physical;
  }

  isLive(record: IndexedRecord): boolean {
    return this.find(record.job, record.kind, record.key) === record;
  }

  /**
   * The records of a segment that must outlive it: live puts, fences, and tombstones that still hold something down
   * in another segment.
   */
  needed(segment: Segment): IndexedRecord[] {
    const oldestElsewhere = new Map<string, number>();
    for (const { segment: home, operation, job, kind, key, sequence } of this.#physical) {
      if (home === segment || operation !== 'put') continue;
      for (const name of [job, `${job}\n${nameOf(kind, key)}`])
        oldestElsewhere.set(name, Math.min(sequence, oldestElsewhere.get(name) ?? Infinity));
    }
    const holdsDown = (name: string, sequence: number): boolean =>
      (oldestElsewhere.get(name) ?? Infinity) < sequence;
    return [...this.#physical].filter((record) => {
      const { segment: home, operation, job, kind, key, sequence } = record;
      if (home !== segment) return false;
      if (operation === 'put') return this.isLive(record);
      if (operation === 'fence') return true;
      return holdsDown(operation === 'remove-job' ? job : `${job}\n${nameOf(kind, key)}`, sequence);
    });
  }

  #refold(): void {
    this.#live.clear();
    this.#bySequence.clear();
    // Of two copies the later written one is used.
    for (const record of this.#physical) {
      const other = this.#bySequence.get(record.sequence);
      if (!other || other.epoch <= record.epoch) this.#bySequence.set(record.sequence, record);
    }
    const inOrder = [...this.#bySequence.values()].sort((a, b) => a.sequence - b.sequence);
    for (const record of inOrder) this.#fold(record);
  }

  #fold(record: IndexedRecord): void {
    this.#highestSequence = Math.max(this.#highestSequence, record.sequence);
    this.#highestEpoch = Math.max(this.#highestEpoch, record.epoch);
    if (record.operation === 'fence') return;
    if (record.operation === 'remove-job') {
      this.#live.delete(record.job);
      return;
    }
    if (record.operation === 'forget' || this.#damaged.has(record.sequence)) {
      this.#forget(record);
      return;
    }
    const names = this.#live.get(record.job) ?? new Map<string, IndexedRecord>();
    names.set(nameOf(record.kind, record.key), record);
    this.#live.set(record.job, names);
  }

  #forget({ job, kind, key }: IndexedRecord): void {
    const names = this.#live.get(job);
    names?.delete(nameOf(kind, key));
    if (names?.size === 0) this.#live.delete(job);
  }
}

export function toRef(record: RecordHead): RecordRef {
  const { job, kind, key, meta, payloadBytes, sequence } = record;
  return { job, kind, key, meta, sizeBytes: payloadBytes, sequence };
}

function nameOf(kind: string, key: string): string {
  return `${kind}\n${key}`;
}
