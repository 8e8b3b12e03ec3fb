import { clipPath, type ClipLabels } from '../../export/embeddings-npz.ts';
import { TrainingDataError } from '../../training/errors.ts';
import type { FeatureLayout } from '../../training/heads/head.ts';
import type { RunSource } from './run-record.ts';

/** One example of a source, with the labels of the day. */
export interface SourceRow {
  /** Path, with `#aug1`… behind it for augmented versions; unique. */
  readonly id: string;
  /** Path of the clip it was made from. */
  readonly clip: string;
  readonly isAugmented: boolean;
  readonly label: string | null;
  readonly speaker: string | null;
  readonly split: 'train' | 'validation' | 'test' | null;
  /** Further columns of the CSV by which clips can be grouped. */
  readonly columns?: Readonly<Record<string, string>>;
}

export interface Features {
  readonly layout: FeatureLayout;
  /** `[N, D]`, `[N, L, D]` or `[ΣT, D]`. */
  readonly values: Float32Array;
  /** N + 1 entries where frames were kept, else null. */
  readonly frameOffsets: Int32Array | null;
}

/** Embeddings to train on; rows are known at once, their numbers are read when asked for. */
export interface TrainingSourceData {
  readonly source: RunSource;
  readonly rows: readonly SourceRow[];
  /**
   * The numbers of these examples, in this order.
   * @throws TrainingDataError naming the first that is not there any more; DamagedRecordError.
   */
  features(ids: readonly string[]): Promise<Features>;
}

export function sourceRow(id: string, known: ClipLabels): SourceRow {
  const clip = clipPath(id);
  const { label, speaker, split, columns } = known;
  const part = split === 'train' || split === 'validation' || split === 'test' ? split : null;
  return {
    id,
    clip,
    isAugmented: clip !== id,
    label,
    speaker,
    split: part,
    ...(columns ? { columns } : {}),
  };
}

/** Numbers of a block of examples as they are kept: one row an example, or its frames. */
export interface FeatureBlock {
  readonly ids: readonly string[];
  /** `[n, K·D]` or frames `[ΣT, K·D]`. */
  readonly data: Float32Array;
  readonly frameCounts: readonly number[] | null;
  /** K, layers kept. */
  readonly layers: number;
  /** D. */
  readonly width: number;
}

/**
 * Puts the numbers of the wanted examples together from blocks that come in any order. `layer` picks one of the kept
 * layers by its place.
 */
export class FeatureCollector {
  readonly #wanted: ReadonlyMap<string, number>;
  readonly #ids: readonly string[];
  readonly #layer: number | null;
  readonly #pieces: (Float32Array | undefined)[];
  #layers = 1;
  #width = 0;
  #hasFrames = false;

  constructor(ids: readonly string[], layer: number | null) {
    this.#ids = ids;
    this.#wanted = new Map(ids.map((id, at) => [id, at]));
    this.#pieces = ids.map(() => undefined);
    this.#layer = layer;
  }

  add({ ids, data, frameCounts, layers, width }: FeatureBlock): void {
    if (this.#layer !== null && this.#layer >= layers)
      throw new TrainingDataError(
        `Layer ${this.#layer} was asked for, but only ${layers} ${layers === 1 ? 'layer was' : 'layers were'} kept (counted from 0).`,
      );
    this.#layers = this.#layer === null ? layers : 1;
    this.#width = width;
    this.#hasFrames = frameCounts !== null;
    if (this.#hasFrames && this.#layers > 1)
      throw new TrainingDataError(
        `This extraction keeps the frames of ${layers} layers; choose one of them, or pool the frames.`,
      );
    let first = 0;
    ids.forEach((id, row) => {
      const rows = frameCounts ? (frameCounts[row] ?? 0) : 1;
      const at = this.#wanted.get(id);
      if (at !== undefined)
        this.#pieces[at] = this.#pick(
          data.subarray(first * layers * width, (first + rows) * layers * width),
          layers,
        );
      first += rows;
    });
  }

  finish(): Features {
    const pieces = this.#pieces.map((piece, at) => {
      if (!piece)
        throw new TrainingDataError(
          `The embedding of “${this.#ids[at]}” is not in the extraction any more; repair or resume the extraction, then go on.`,
        );
      return piece;
    });
    const values = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    const frameOffsets = this.#hasFrames ? new Int32Array(pieces.length + 1) : null;
    let offset = 0;
    pieces.forEach((piece, at) => {
      values.set(piece, offset);
      offset += piece.length;
      if (frameOffsets) frameOffsets[at + 1] = offset / this.#width;
    });
    return { layout: this.#layout(), values, frameOffsets };
  }

  #layout(): FeatureLayout {
    const size = this.#width;
    if (this.#hasFrames) return { kind: 'frames', size };
    return this.#layers > 1 ? { kind: 'layers', layers: this.#layers, size } : { kind: 'vector', size };
  }

  #pick(rows: Float32Array, layers: number): Float32Array {
    if (this.#layer === null || layers === 1) return rows;
    const [width, step] = [this.#width, layers * this.#width];
    const picked = new Float32Array(rows.length / layers);
    for (let row = 0; row * step < rows.length; row += 1) {
      const start = row * step + this.#layer * width;
      picked.set(rows.subarray(start, start + width), row * width);
    }
    return picked;
  }
}
