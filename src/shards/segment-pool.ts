import type { Digest } from './digest128.ts';
import { FORMAT_VERSION, encodeSegmentHead, segmentHeader, type SegmentRole } from './segment.ts';
import type { SegmentDirectory, SegmentFile } from './segment-file.ts';

/** A file of the pool and what is known of it. */
export interface Segment {
  readonly file: SegmentFile;
  /** Null while the file is spare. */
  segmentId: bigint | null;
  role: SegmentRole;
  /** The job whose records it holds, for role `own`. */
  owner: string | null;
  /** Where the next record goes. */
  end: number;
  /** No further appends: full, held by another tab, its head damaged, or written by a later version. */
  isSealed: boolean;
  /** Set when cutting off a failed write failed too; tried again before the next append. */
  needsCut: boolean;
}

/** A job that grows beyond this gets segments of its own, so that removing it frees its space at once. */
const OWN_SEGMENT_BYTES = 8 << 20;

/** Chooses which segment a record goes to. */
export class SegmentPool {
  readonly #directory: SegmentDirectory;
  readonly #digest: Digest;
  readonly #fullBytes: number;
  readonly #spareFiles: number;
  readonly segments: Segment[];
  /** Files are made one after another, the first when it is safe to make any. */
  #lastAdded: Promise<unknown> = Promise.resolve();

  constructor(
    directory: SegmentDirectory,
    segments: readonly Segment[],
    digest: Digest,
    options: { readonly fullBytes: number; readonly spareFiles: number },
  ) {
    this.#directory = directory;
    this.#digest = digest;
    this.#fullBytes = options.fullBytes;
    this.#spareFiles = options.spareFiles;
    this.segments = [...segments];
  }

  /**
   * Makes spare files once `safe` resolves, so that names exist long before they are needed: a power cut forgets young
   * names.
   */
  async topUp(safe: Promise<void>): Promise<void> {
    this.#lastAdded = safe;
    await safe;
    const spare = (): number => this.segments.filter(isSpare).length;
    for (let missing = this.#spareFiles - spare(); missing > 0; missing -= 1) await this.#add();
  }

  /** The segment that `bytes` more of this job go to; a claimed spare file has its head written, unflushed. */
  async choose(job: string, bytes: number, jobBytes: number): Promise<Segment> {
    const fits = (segment: Segment): boolean =>
      segment.segmentId !== null &&
      !segment.isSealed &&
      (segment.end + bytes <= this.#fullBytes || segment.end === segmentHeader.size);
    const own = this.segments.find((segment) => segment.owner === job && fits(segment));
    if (own) return own;
    const wantsOwn = jobBytes + bytes > OWN_SEGMENT_BYTES;
    const shared = this.segments.find((segment) => segment.role === 'shared' && fits(segment));
    if (shared && !wantsOwn) return shared;
    return this.#claim(wantsOwn ? 'own' : 'shared', job);
  }

  /** A fresh segment for compaction to write to. */
  claimLike(segment: Segment): Promise<Segment> {
    return this.#claim(segment.role, segment.owner);
  }

  async #claim(role: SegmentRole, job: string | null): Promise<Segment> {
    const spare = this.segments.find(isSpare) ?? (await this.#add());
    const segmentId = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
    const head = { version: FORMAT_VERSION, role, segmentId, createdAtMs: Date.now() };
    spare.file.write(0, encodeSegmentHead(head, this.#digest));
    spare.segmentId = segmentId;
    spare.role = role;
    spare.owner = role === 'own' ? job : null;
    spare.end = segmentHeader.size;
    spare.isSealed = false;
    return spare;
  }

  #add(): Promise<Segment> {
    const added = this.#lastAdded.then(async () => {
      const segment = spareSegment(await this.#directory.addFile());
      this.segments.push(segment);
      return segment;
    });
    this.#lastAdded = added.catch(() => undefined);
    return added;
  }

  /** Empties a segment's file for reuse; the name stays. Durable when it returns. */
  release(segment: Segment): void {
    segment.file.truncate(0);
    segment.file.flush();
    Object.assign(segment, spareSegment(segment.file));
  }
}

export function spareSegment(file: SegmentFile): Segment {
  return {
    file,
    segmentId: null,
    role: 'shared',
    owner: null,
    end: 0,
    isSealed: !file.isWritable,
    needsCut: false,
  };
}

function isSpare(segment: Segment): boolean {
  return segment.segmentId === null && segment.file.isWritable;
}
