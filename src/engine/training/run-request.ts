import { createSplit, defaultSplit, type SplitMethod } from '../../dataset/split.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { sha256Text } from '../../lib/digest.ts';
import { asJson, type TrainingConfig } from '../../training/config.ts';
import { TrainingDataError } from '../../training/errors.ts';
import type { PartCode, RunSpec } from './run-record.ts';
import type { SourceRow, TrainingSourceData } from './training-source.ts';
import type { TrainRequest } from '../training-protocol.ts';

/** Which example learns what, and in which part it is. */
export type ExampleTable = Pick<RunSpec, 'classes' | 'ids' | 'labels' | 'speakers' | 'parts'>;

/** The parts of a split in words: `speakers`, or all of it. */
export function splitOf(
  wanted: TrainRequest['split'],
  rows: readonly SourceRow[],
  target: RunSpec['target'],
  seed: number,
): SplitMethod {
  if (wanted === undefined || wanted === 'auto') return defaultSplit(originalsOf(rows, target), seed);
  if (wanted === 'csv') return { kind: 'csv' };
  if (typeof wanted === 'string') return { kind: wanted, validation: 0.15, test: 0.15, seed };
  return wanted;
}

/**
 * Divides a source. Augmented versions go where their clip goes, and only into training: validation and test are the
 * recordings themselves.
 * @throws SplitError, TrainingDataError when nothing has a label.
 */
export function divide(
  rows: readonly SourceRow[],
  target: RunSpec['target'],
  method: SplitMethod,
): ExampleTable {
  const originals = originalsOf(rows, target);
  const partOfClip = new Map<string, PartCode>();
  const { train, validation, test } = createSplit(originals, method);
  for (const [code, indices] of [train, validation, test].entries())
    for (const index of indices) partOfClip.set(originals[index]!.clip, code as PartCode);
  return tableOf(rows, target, (row) => {
    const part = partOfClip.get(row.clip) ?? -1;
    return row.isAugmented && part !== 0 ? -1 : part;
  });
}

/** Every row that has a target, in the parts that `partOf` says. @throws TrainingDataError */
export function tableOf(
  rows: readonly SourceRow[],
  target: RunSpec['target'],
  partOf: (row: SourceRow) => PartCode,
): ExampleTable {
  const usable = rows.filter((row) => row[target] !== null);
  if (usable.length === 0)
    throw new TrainingDataError(
      `No clip has a ${target}, so there is nothing to learn; give the dataset ${target}s by a CSV or another naming scheme.`,
    );
  const classes = [...new Set(usable.map((row) => row[target]!))].sort();
  const codes = new Map(classes.map((name, code) => [name, code]));
  return {
    classes,
    ids: usable.map(({ id }) => id),
    labels: usable.map((row) => codes.get(row[target]!)!),
    speakers: usable.map(({ speaker }) => speaker),
    parts: usable.map(partOf),
  };
}

/** The recordings themselves as the split sees them: what is to be predicted stands as `label`. */
export function originalsOf(rows: readonly SourceRow[], target: RunSpec['target']): SplitItem[] {
  return rows
    .filter(({ isAugmented }) => !isAugmented)
    .map(({ clip, label, speaker, split }) => ({
      clip,
      label: target === 'speaker' ? speaker : label,
      speaker: target === 'speaker' ? null : speaker,
      split,
    }));
}

export interface SplitItem {
  readonly clip: string;
  readonly label: string | null;
  readonly speaker: string | null;
  readonly split: SourceRow['split'];
}

/** 16 hex digits over source, split, settings and moment: the same training may be asked for again. */
export async function runIdFor(spec: RunSpec, counter: number): Promise<string> {
  const { source, target, split, config, createdAt, parts, labels } = spec;
  const identity = canonicalJson(
    asJson({ format: 1, source, target, split, config, createdAt, counter, parts, labels }),
  );
  return (await sha256Text(identity)).slice(0, 16);
}

/** A name for a run that nobody named: what is predicted, from what, by which head. */
export function defaultRunName(data: TrainingSourceData, target: string, config: TrainingConfig): string {
  return `${data.source.name} · ${target} · ${config.head.kind}`;
}
