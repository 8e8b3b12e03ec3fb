export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * At most four points a column of pixels: first, lowest, highest, last. What is drawn looks the same, spikes
 * included. Points that are not finite break the line and are kept as breaks.
 * @param points in pixels, ascending in x
 */
export function decimate(points: readonly Point[]): readonly Point[] {
  if (points.length < 2000) return points;
  const kept: Point[] = [];
  let column: Point[] = [];
  const flush = (): void => {
    if (column.length <= 4) kept.push(...column);
    else {
      const finite = column.filter(({ y }) => Number.isFinite(y));
      const broken = column.find(({ y }) => !Number.isFinite(y));
      if (finite.length === 0) kept.push(column[0]!);
      else {
        const lowest = finite.reduce((best, each) => (each.y < best.y ? each : best));
        const highest = finite.reduce((best, each) => (each.y > best.y ? each : best));
        const chosen = new Set([finite[0]!, lowest, highest, finite.at(-1)!]);
        if (broken) chosen.add(broken);
        kept.push(...column.filter((each) => chosen.has(each)));
      }
    }
    column = [];
  };
  for (const point of points) {
    const first = column[0];
    if (first && Math.floor(first.x) !== Math.floor(point.x)) flush();
    column.push(point);
  }
  flush();
  return kept;
}

/** An SVG path through the points; a point that is not finite lifts the pen. */
export function pathThrough(points: readonly Point[]): string {
  let path = '';
  let isDown = false;
  for (const { x, y } of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  }
  return path;
}
