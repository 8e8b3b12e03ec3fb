import { Rng } from '../lib/rng.ts';
import { PlaygroundError } from '../lib/errors.ts';
import type { Grouping } from './grouping.ts';
import type { Split, Utterance } from './utterance.ts';

/** How a dataset is divided; plain JSON, saved with the run. */
export type SplitMethod =
  /** The `split` column of the CSV. */
  | { readonly kind: 'csv' }
  /** Every class in the same proportions in all parts. */
  | { readonly kind: 'stratified'; readonly validation: number; readonly test: number; readonly seed: number }
  /** No speaker in two parts, classes as even as that allows. */
  | { readonly kind: 'speakers'; readonly validation: number; readonly test: number; readonly seed: number };

/** How a dataset is divided again and again, so that every utterance is tested once. */
export type FoldMethod =
  | {
      readonly kind: 'k-fold';
      readonly folds: number;
      readonly groups: 'none' | Grouping;
      readonly seed: number;
    }
  | { readonly kind: 'leave-one-speaker-out' }
  | { readonly kind: 'leave-one-group-out'; readonly groups: Grouping };

/** Ascending indices of utterances. What is in no part (without label, say) is left out. */
export interface SplitParts {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

export interface Fold {
  /** E.g. `fold 2` or the speaker. */
  readonly name: string;
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** The dataset cannot be divided in this way. */
export class SplitError extends PlaygroundError {
  override readonly name: string = 'SplitError';
}

type Item = Pick<Utterance, 'label' | 'speaker' | 'split'>;

/** An utterance with the group that its folds are made by; speakers need not be repeated there. */
export type FoldItem = Item & { readonly group?: string | null };

/** The CSV's where there is one, by speakers where they are known, else stratified. */
export function defaultSplit(items: readonly Item[], seed: number): SplitMethod {
  const labelled = items.filter(({ label }) => label !== null);
  if (labelled.some(({ split }) => split === 'train') && labelled.some(({ split }) => split === 'validation'))
    return { kind: 'csv' };
  const speakers = new Set(labelled.map(({ speaker }) => speaker));
  const kind = !speakers.has(null) && speakers.size >= 3 ? 'speakers' : 'stratified';
  return { kind, validation: 0.15, test: 0.15, seed };
}

/**
 * Divides the labelled utterances.
 * @throws SplitError when a part that was asked for would be empty, or speakers are not known.
 */
export function createSplit(items: readonly Item[], method: SplitMethod): SplitParts {
  const usable = labelledIndices(items);
  if (method.kind === 'csv') return csvSplit(items, usable);
  const { validation, test, seed } = method;
  if (!(validation >= 0 && test >= 0 && validation + test < 1))
    throw new SplitError(
      'Validation and test together have to leave something to train on: use fractions below 1.',
    );
  const fractions = [1 - validation - test, validation, test];
  const parts =
    method.kind === 'stratified'
      ? divideByClass(items, usable, fractions, seed)
      : divideGroups(items, groupBySpeaker(items, usable), fractions, seed);
  ['train', 'validation', 'test'].forEach((name, part) => {
    if (fractions[part]! > 0 && parts[part]!.length === 0)
      throw new SplitError(
        method.kind === 'speakers'
          ? `There are too few speakers to give ${name} one of its own; split by classes, or leave ${name} out.`
          : `There are too few utterances to give ${name} any; add some, or leave ${name} out.`,
      );
  });
  const [train = [], validationPart = [], testPart = []] = parts;
  return { train, validation: validationPart, test: testPart };
}

/** Folds whose test parts together are all labelled utterances, each once. @throws SplitError */
export function createFolds(items: readonly FoldItem[], method: FoldMethod): readonly Fold[] {
  const usable = labelledIndices(items);
  const complement = (test: readonly number[]): number[] => {
    const held = new Set(test);
    return usable.filter((index) => !held.has(index));
  };
  const groups = foldGroups(items, usable, method);
  if (method.kind !== 'k-fold') {
    const { size } = groups ?? new Map<string, number[]>();
    if (size < 2)
      throw new SplitError(`Leaving one ${groupNoun(method)} out needs at least two of them, not ${size}.`);
    return [...(groups ?? [])].map(([name, test]) => ({ name, train: complement(test), test }));
  }
  const { folds, seed } = method;
  if (!Number.isInteger(folds) || folds < 2)
    throw new SplitError(`Cross-validation needs a whole number of folds of at least 2, not ${folds}.`);
  const equal = Array.from({ length: folds }, () => 1 / folds);
  const parts = groups ? divideGroups(items, groups, equal, seed) : divideByClass(items, usable, equal, seed);
  if (parts.some((part) => part.length === 0))
    throw new SplitError(
      `There are too few ${groups ? `${groupNoun(method)}s` : 'utterances'} for ${folds} folds; use fewer.`,
    );
  return parts.map((test, i) => ({ name: `fold ${i + 1}`, train: complement(test), test }));
}

/** Null where folds need no groups. */
function foldGroups(
  items: readonly FoldItem[],
  usable: readonly number[],
  method: FoldMethod,
): Map<string, number[]> | null {
  if (method.kind === 'k-fold' && method.groups === 'none') return null;
  return groupNoun(method) === 'speaker'
    ? groupBySpeaker(items, usable)
    : groupBy(
        usable,
        (index) => items[index]!.group ?? null,
        'Not every utterance belongs to a group by this choice, so one could be in training and test alike; choose another one.',
      );
}

function groupNoun(method: FoldMethod): string {
  return method.kind === 'leave-one-speaker-out' || method.groups === 'speaker' ? 'speaker' : 'group';
}

function labelledIndices(items: readonly Item[]): number[] {
  return items.flatMap(({ label }, index) => (label === null ? [] : [index]));
}

function csvSplit(items: readonly Item[], usable: readonly number[]): SplitParts {
  const part = (name: Split): number[] => usable.filter((index) => items[index]!.split === name);
  const train = part('train');
  if (train.length === 0)
    throw new SplitError(
      'No labelled utterance is marked “train” in the CSV; add a split column, or split another way.',
    );
  return { train, validation: part('validation'), test: part('test') };
}

function groupBySpeaker(items: readonly Item[], usable: readonly number[]): Map<string, number[]> {
  return groupBy(
    usable,
    (index) => items[index]!.speaker,
    'Not every utterance has a speaker, so a split by speakers could leak; add a speaker column, or split by classes.',
  );
}

/** In order of the groups' names. @throws SplitError saying `otherwise` where one has none. */
function groupBy(
  usable: readonly number[],
  groupOf: (index: number) => string | null,
  otherwise: string,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const index of usable) {
    const name = groupOf(index);
    if (name === null) throw new SplitError(otherwise);
    const group = groups.get(name);
    if (group) group.push(index);
    else groups.set(name, [index]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Each class dealt out by the fractions (largest remainders, carried on from class to class). */
function divideByClass(
  items: readonly Item[],
  usable: readonly number[],
  fractions: readonly number[],
  seed: number,
): number[][] {
  const parts: number[][] = fractions.map(() => []);
  const owed = fractions.map(() => 0);
  const byLabel = new Map<string, number[]>();
  for (const index of usable) {
    const label = items[index]!.label!;
    const members = byLabel.get(label);
    if (members) members.push(index);
    else byLabel.set(label, [index]);
  }
  for (const [label, members] of [...byLabel].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const rng = Rng.fromSeed(seed, 'split', label);
    const order = members.slice();
    for (let i = order.length - 1; i > 0; i -= 1) {
      const j = rng.nextInt(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const shares = fractions.map((fraction, part) => fraction * order.length + owed[part]!);
    const counts = shares.map((share) => Math.max(0, Math.floor(share + 1e-9)));
    let rest = order.length - counts.reduce((sum, count) => sum + count, 0);
    const byRemainder = shares
      .map((share, part) => ({ part, remainder: share - counts[part]! }))
      .sort((a, b) => b.remainder - a.remainder || a.part - b.part);
    for (let i = 0; rest > 0; i += 1, rest -= 1) counts[byRemainder[i % counts.length]!.part]! += 1;
    let at = 0;
    counts.forEach((count, part) => {
      const taken = order.slice(at, at + count);
      parts[part]!.push(...taken);
      owed[part] = shares[part]! - taken.length;
      at += count;
    });
  }
  return parts.map((part) => part.sort((a, b) => a - b));
}

/**
 * Whole groups, the largest first (equal ones in seeded order), each to the part where the class counts then come
 * closest to the fractions; a part that is still empty goes first once the groups left are needed for it.
 */
function divideGroups(
  items: readonly Item[],
  groups: ReadonlyMap<string, readonly number[]>,
  fractions: readonly number[],
  seed: number,
): number[][] {
  const rng = Rng.fromSeed(seed, 'groups');
  const order = [...groups.values()]
    .map((members) => ({ members, draw: rng.nextFloat() }))
    .sort((a, b) => b.members.length - a.members.length || a.draw - b.draw);
  const labels = [...new Set(order.flatMap(({ members }) => members.map((index) => items[index]!.label!)))];
  const totals = countLabels(
    items,
    order.flatMap(({ members }) => members),
    labels,
  );
  const have = fractions.map(() => labels.map(() => 0));
  const parts: number[][] = fractions.map(() => []);
  const wanted = fractions.flatMap((fraction, part) => (fraction > 0 ? [part] : []));
  order.forEach(({ members }, done) => {
    const counts = countLabels(items, members, labels);
    const empty = wanted.filter((part) => parts[part]!.length === 0);
    const candidates = order.length - done <= empty.length ? empty : wanted;
    const cost = (part: number): number =>
      labels.reduce((sum, _, c) => {
        const target = fractions[part]! * totals[c]!;
        const [before, after] = [have[part]![c]! - target, have[part]![c]! + counts[c]! - target];
        return sum + (after * after - before * before) / (totals[c]! * totals[c]! * fractions[part]!);
      }, 0);
    let chosen = candidates[0]!;
    for (const part of candidates) if (cost(part) < cost(chosen) - 1e-12) chosen = part;
    counts.forEach((count, c) => {
      have[chosen]![c]! += count;
    });
    parts[chosen]!.push(...members);
  });
  return parts.map((part) => part.sort((a, b) => a - b));
}

function countLabels(
  items: readonly Item[],
  indices: readonly number[],
  labels: readonly string[],
): number[] {
  const at = new Map(labels.map((label, i) => [label, i]));
  const counts = labels.map(() => 0);
  for (const index of indices) counts[at.get(items[index]!.label!)!]! += 1;
  return counts;
}
