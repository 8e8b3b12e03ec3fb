import { differenceOf, type CatalogDifference, type CatalogRow } from './catalog.ts';

/** What comparing the catalog with the segments found. The segments are right. */
export interface Reconciliation {
  /** What the catalog has to change. */
  readonly difference: CatalogDifference;
  /** True when the catalog had lost or invented records; moves by a compaction that was cut off do not count. */
  readonly isRebuilt: boolean;
  readonly notices: readonly string[];
}

export function reconcile(actual: readonly CatalogRow[], listed: readonly CatalogRow[]): Reconciliation {
  const difference = differenceOf(actual, listed);
  const listedSequences = new Set(listed.map((row) => row.sequence));
  const actualSequences = new Set(actual.map((row) => row.sequence));
  const unlisted = actual.filter((row) => !listedSequences.has(row.sequence));
  const gone = liveRows(listed).filter((row) => !actualSequences.has(row.sequence));
  const notices: string[] = [];
  // The one record that was flushed but not yet listed when the session ended is nothing to speak of.
  if (listed.length === 0 && unlisted.length > 1)
    notices.push(
      `The browser had lost the index of ${unlisted.length} records; it was rebuilt from the files, nothing is missing.`,
    );
  else if (unlisted.length > 1)
    notices.push(
      `${unlisted.length} records were missing from the index; they were added again from the files.`,
    );
  if (gone.length > 0) {
    const names = gone.slice(0, 3).map((row) => `${row.kind} “${row.key}”`);
    const more = gone.length > names.length ? ` and ${gone.length - names.length} more` : '';
    notices.push(
      `The index listed records that are no longer on the disk: ${names.join(', ')}${more}. They are redone.`,
    );
  }
  return { difference, isRebuilt: unlisted.length > 1 || gone.length > 0, notices };
}

/** The rows that counted, going by the catalog alone. */
function liveRows(rows: readonly CatalogRow[]): CatalogRow[] {
  const live = new Map<string, CatalogRow>();
  for (const row of [...rows].sort((a, b) => a.sequence - b.sequence)) {
    const name = `${row.job}\n${row.kind}\n${row.key}`;
    if (row.operation === 'put') live.set(name, row);
    if (row.operation === 'forget') live.delete(name);
    if (row.operation === 'remove-job')
      for (const [other, { job }] of live) if (job === row.job) live.delete(other);
  }
  return [...live.values()];
}
