/** Which part of an experiment an utterance belongs to, when a CSV says so. */
export type Split = 'train' | 'validation' | 'test';

/** One audio file of a dataset, with what is known about it apart from its samples. */
export interface Utterance {
  /** Relative to the dropped folder, `/`-separated, unique in the dataset. */
  readonly path: string;
  readonly sizeBytes: number;
  /** From the file's header; null while unknown. */
  readonly durationSec: number | null;
  readonly label: string | null;
  readonly speaker: string | null;
  readonly split: Split | null;
  /** Further columns of the CSV by which clips can be grouped. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Left out of training by a correction; the file and its embedding stay. */
  readonly isSetAside?: boolean;
}

/** A file that was set aside, with a sentence that says why. */
export interface Reject {
  readonly path: string;
  /** Name of the error class, e.g. `EmptyAudioError`. */
  readonly errorName: string;
  readonly reason: string;
}
