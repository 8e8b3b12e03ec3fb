import process from 'node:process';

/** One line of a benchmark's table. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
  /** Why the figure is not of the usual kind, e.g. `software adapter`. */
  readonly note?: string;
}

/** Prints figures as an aligned table: what, figure, unit, the target and whether it is met, a note. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  const rows = figures.map(({ what, value, unit, target, note }) => [
    what,
    shown(value),
    unit,
    target ? `${targetText(target)} ${isMet(value, target) ? 'met' : 'MISSED'}` : '',
    note ?? '',
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  console.log(title);
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 1 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column] ?? 0),
    );
    console.log(`  ${cells.join('  ')}`.trimEnd());
  }
}

/** Whole numbers from 100 on, else three digits. */
function shown(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}

function targetText(target: NonNullable<Figure['target']>): string {
  return 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}

function isMet(value: number, target: NonNullable<Figure['target']>): boolean {
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

/** The `name=value` arguments of the command. */
export function givenOptions(): Map<string, string> {
  return new Map(
    process.argv.slice(2).map((pair): [string, string] => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Error(`Options are written name=value, not “${pair}”.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** A positive number among the options. */
export function numberOption(options: ReadonlyMap<string, string>, name: string, fallback: number): number {
  const value = Number(options.get(name) ?? fallback);
  if (!(value > 0)) throw new Error(`${name} has to be a number above 0.`);
  return value;
}
