import type { Pooling } from '../../encoder/pooling.ts';
import { encodeShard, shardName } from '../../shards/shard-rows.ts';
import { asRanges, type FailedRow, type ShardMeta } from './extraction-record.ts';

/** One example's embedding, as it will stand in a shard. */
export interface ExampleRow {
  readonly index: number;
  /** With `#aug1`… behind it for augmented versions. */
  readonly path: string;
  readonly contentHash: string;
  /** Pooled: `[K, D']`. Frames: `[T, K, D]`. */
  readonly data: Float32Array;
  readonly frameCount: number;
}

export interface ShardShape {
  /** Kept layers K. */
  readonly layers: number;
  /** Values per layer and row: D, or 2·D for mean+std. */
  readonly width: number;
  readonly pooling: Pooling;
  /** Examples in the whole extraction; decides how many digits a name has. */
  readonly total: number;
}

/** A shard ready to be committed: its name, what the catalog keeps, and its own `.npz` bytes. */
export interface FinishedShard {
  readonly name: string;
  readonly meta: ShardMeta;
  readonly payload: Uint8Array;
}

/** A shard being filled: rows and failures in any order, written in ascending order of examples. */
export class ShardDraft {
  readonly #shape: ShardShape;
  readonly #rows: ExampleRow[] = [];
  readonly #failed: FailedRow[] = [];
  readonly #modified: [number, number][] = [];
  #audioSec = 0;

  constructor(shape: ShardShape) {
    this.#shape = shape;
  }

  get isEmpty(): boolean {
    return this.#rows.length + this.#failed.length === 0;
  }

  add(row: ExampleRow, audioSec: number): void {
    this.#rows.push(row);
    this.#audioSec += audioSec;
  }

  fail(row: FailedRow): void {
    this.#failed.push(row);
  }

  /** Remembers when an utterance's file was last changed, so that a later change is noticed. */
  seen(utterance: number, lastModified: number): void {
    this.#modified.push([utterance, lastModified]);
  }

  /** The shard as it is now; `device` says in words what computed it. */
  finish(device: string): FinishedShard {
    const rows = this.#rows.toSorted((a, b) => a.index - b.index);
    const failed = this.#failed.toSorted((a, b) => a.index - b.index);
    const indices = rows.map(({ index }) => index);
    const all = [...indices, ...failed.map(({ index }) => index)];
    const data = new Float32Array(rows.reduce((sum, row) => sum + row.data.length, 0));
    let offset = 0;
    for (const row of rows) {
      data.set(row.data, offset);
      offset += row.data.length;
    }
    const { layers, width, pooling, total } = this.#shape;
    const payload = encodeShard({
      sampleIndex: indices,
      paths: rows.map(({ path }) => path),
      contentHashes: rows.map(({ contentHash }) => contentHash),
      data,
      frameCounts: pooling === 'none' ? rows.map(({ frameCount }) => frameCount) : null,
      layers,
      width,
    });
    return {
      name: shardName(Math.min(...all), Math.max(...all), total),
      meta: {
        rows: asRanges(indices),
        failed,
        device,
        audioSec: this.#audioSec,
        modified: this.#modified.toSorted((a, b) => a[0] - b[0]),
      },
      payload,
    };
  }
}
