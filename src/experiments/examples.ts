/**
 * Examples are utterances × versions in a fixed order: all versions of an utterance stand together, the original first.
 * `sampleIndex = utteranceIndex · (versions + 1) + version`.
 */
export interface ExampleOrder {
  readonly utterances: number;
  /** Augmented versions beside the original. */
  readonly versions: number;
}

export function exampleCount({ utterances, versions }: ExampleOrder): number {
  return utterances * (versions + 1);
}

export function utteranceOf(sampleIndex: number, { versions }: ExampleOrder): number {
  return Math.floor(sampleIndex / (versions + 1));
}

/** 0 is the original, 1… the augmented ones. */
export function versionOf(sampleIndex: number, { versions }: ExampleOrder): number {
  return sampleIndex % (versions + 1);
}

/** The example's path in exports: the utterance's, with `#aug1`… behind it for augmented versions. */
export function examplePath(path: string, version: number): string {
  return version === 0 ? path : `${path}#aug${version}`;
}
