import { count } from './csv.ts';
import { datasetId, type ClipIdentity } from './identity.ts';

/** A dataset that was opened before. */
export interface KnownDataset {
  readonly id: string;
  readonly name: string;
  readonly clips: readonly ClipIdentity[];
}

/** What differs between a dataset as it was and a folder as it is. */
export interface FolderChange {
  readonly missing: readonly string[];
  readonly added: readonly string[];
  /** Same path, another size. */
  readonly resized: readonly string[];
}

export type Recognition =
  | { readonly kind: 'same'; readonly id: string }
  | {
      readonly kind: 'changed';
      readonly id: string;
      readonly change: FolderChange;
      readonly sentence: string;
    }
  | { readonly kind: 'new'; readonly id: string };

/**
 * Tells whether a folder just dropped is a known dataset: the same (by its id), one whose files have changed since
 * (most paths are shared), or a new one. `id` is the known dataset's, or the new one's own.
 */
export async function recognise(
  known: readonly KnownDataset[],
  clips: readonly ClipIdentity[],
): Promise<Recognition> {
  const id = await datasetId(clips);
  if (known.some((dataset) => dataset.id === id)) return { kind: 'same', id };
  let closest: {
    readonly dataset: KnownDataset;
    readonly change: FolderChange;
    readonly shared: number;
  } | null = null;
  for (const dataset of known) {
    const change = compareFolder(dataset.clips, clips);
    const shared = dataset.clips.length - change.missing.length;
    if (shared * 2 > Math.max(dataset.clips.length, clips.length) && shared > (closest?.shared ?? 0))
      closest = { dataset, change, shared };
  }
  if (!closest) return { kind: 'new', id };
  const { dataset, change } = closest;
  return { kind: 'changed', id: dataset.id, change, sentence: changeInWords(dataset.name, change) };
}

export function compareFolder(before: readonly ClipIdentity[], now: readonly ClipIdentity[]): FolderChange {
  const sizes = new Map(now.map(({ path, sizeBytes }) => [path, sizeBytes]));
  const old = new Set(before.map(({ path }) => path));
  return {
    missing: before.filter(({ path }) => !sizes.has(path)).map(({ path }) => path),
    added: now.filter(({ path }) => !old.has(path)).map(({ path }) => path),
    resized: before
      .filter(({ path, sizeBytes }) => sizes.has(path) && sizes.get(path) !== sizeBytes)
      .map(({ path }) => path),
  };
}

/** `Since “emodb” was opened, 1 clip has another size (Angry/a.wav) and 2 clips are new (…).` */
export function changeInWords(name: string, { missing, added, resized }: FolderChange): string {
  const part = (paths: readonly string[], one: string, many: string): string[] =>
    paths.length === 0
      ? []
      : [
          `${count(paths.length, 'clip')} ${paths.length === 1 ? one : many} (${paths[0]}${paths.length > 1 ? '…' : ''})`,
        ];
  const parts = [
    ...part(resized, 'has another size', 'have another size'),
    ...part(missing, 'is gone', 'are gone'),
    ...part(added, 'is new', 'are new'),
  ];
  return parts.length === 0
    ? `Nothing has changed since “${name}” was opened.`
    : `Since “${name}” was opened, ${parts.join(', and ')}.`;
}
