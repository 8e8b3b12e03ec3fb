import { count, type CsvRow, type CsvTable } from './csv.ts';
import { fileName, fileStem } from './found-file.ts';
import type { Reject } from './utterance.ts';

/** Rows of the tables, found by the clips' paths. */
export interface CsvLabels {
  /** The row of a clip, or null. */
  rowOf(path: string): CsvRow | null;
  /** Count of clips that a row names. */
  readonly matched: number;
  /** Files that a table names and the folder does not hold. */
  readonly missing: readonly Reject[];
  /** Repeated, contradicting and unmatched rows, in sentences. */
  readonly notices: readonly string[];
}

/**
 * Matches the rows of all tables with the clips: by the path relative to the folder or to the table, then by ever
 * shorter endings of the row's path (an absolute path of another machine), then by the file's name where only one
 * clip has it, with or without its extension.
 * @param paths Of all clips, relative to the folder.
 * @param rootName Name of the dropped folder, which rows may begin with.
 */
export function matchCsv(tables: readonly CsvTable[], paths: readonly string[], rootName = ''): CsvLabels {
  const index = new PathIndex(paths);
  const rows = new Map<string, CsvRow>();
  const missing: Reject[] = [];
  const notices = tables.flatMap((table) => table.notices);
  for (const table of tables) {
    const base = table.path.split('/').slice(0, -1);
    const found = table.rows.map((row) => index.find(row.path, base, rootName));
    if (found.every((path) => path === null)) {
      if (table.rows.length > 0)
        notices.push(`${table.path} names none of these clips, so no labels were taken from it.`);
      continue;
    }
    const contradicting: string[] = [];
    let repeated = 0;
    let absent = 0;
    for (const [number, row] of table.rows.entries()) {
      const path = found[number] ?? null;
      const earlier = path === null ? undefined : rows.get(path);
      if (path === null) {
        absent += 1;
        missing.push({
          path: row.path,
          errorName: 'MissingFileError',
          reason: `${table.path} names this file, but it is not among those given (or several files have its name).`,
        });
      } else if (!earlier) rows.set(path, row);
      else if (agree(earlier, row)) {
        repeated += 1;
        rows.set(path, complete(earlier, row));
      } else contradicting.push(path);
    }
    if (absent > 0)
      notices.push(
        `${table.path}: ${absent} of ${count(table.rows.length, 'row')} ${absent === 1 ? 'names a file that is' : 'name files that are'} not among those given, for example ${missing.at(-absent)!.path}.`,
      );
    if (repeated > 0)
      notices.push(
        `${table.path}: ${count(repeated, 'row')} only ${repeated === 1 ? 'repeats' : 'repeat'} an earlier one.`,
      );
    if (contradicting.length > 0)
      notices.push(
        `${table.path}: ${count(contradicting.length, 'row')} ${contradicting.length === 1 ? 'says' : 'say'} something else than an earlier row for the same file, for example ${contradicting[0]}; the earlier row counts.`,
      );
  }
  if (rows.size > 0 && rows.size < paths.length)
    notices.push(
      `${count(paths.length - rows.size, 'clip')} of ${paths.length} ${paths.length - rows.size === 1 ? 'is' : 'are'} in no row of ${tables.map(({ path }) => path).join(', ')}.`,
    );
  return { rowOf: (path) => rows.get(path) ?? null, matched: rows.size, missing, notices };
}

/** True when no column says two different things. */
function agree(a: CsvRow, b: CsvRow): boolean {
  return (['label', 'speaker', 'split'] as const).every(
    (column) => a[column] === null || b[column] === null || a[column] === b[column],
  );
}

function complete(a: CsvRow, b: CsvRow): CsvRow {
  return {
    path: a.path,
    label: a.label ?? b.label,
    speaker: a.speaker ?? b.speaker,
    split: a.split ?? b.split,
    ...(a.columns || b.columns ? { columns: { ...b.columns, ...a.columns } } : {}),
  };
}

/** Finds clips by what tables write for them. */
class PathIndex {
  readonly #paths = new Map<string, string>();
  /** By lower-case name, and by name without extension; null where several clips share it. */
  readonly #names = new Map<string, string | null>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      this.#paths.set(path.normalize(), path);
      for (const name of new Set([nameKey(fileName(path)), nameKey(fileStem(path))]))
        this.#names.set(name, this.#names.has(name) ? null : path);
    }
  }

  find(written: string, tableFolder: readonly string[], rootName: string): string | null {
    const parts = resolve(written);
    const exact =
      this.#get(parts) ??
      this.#get(resolve([...tableFolder, written].join('/'))) ??
      (parts[0] === rootName ? this.#get(parts.slice(1)) : null);
    if (exact !== null) return exact;
    for (let skip = 1; skip < parts.length; skip += 1) {
      const path = this.#get(parts.slice(skip));
      if (path !== null) return path;
    }
    return this.#names.get(nameKey(parts.at(-1) ?? '')) ?? null;
  }

  #get(parts: readonly string[]): string | null {
    return this.#paths.get(parts.join('/')) ?? null;
  }
}

/** Parts of a path, with `\`, `.`, `..` and a leading `/` resolved. */
function resolve(path: string): readonly string[] {
  const parts: string[] = [];
  for (const part of path.normalize().replaceAll('\\', '/').split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return parts;
}

function nameKey(name: string): string {
  return name.normalize().toLowerCase();
}
