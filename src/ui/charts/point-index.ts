/** Finds the point nearest to a place among tens of thousands, through a grid of cells. */
export class PointIndex {
  readonly #xs: Float32Array;
  readonly #ys: Float32Array;
  readonly #cells = new Map<number, number[]>();
  readonly #side: number;
  readonly #minX: number;
  readonly #minY: number;
  readonly #step: number;

  /** @param xs @param ys positions, same length; points that are not finite are never found */
  constructor(xs: Float32Array, ys: Float32Array) {
    this.#xs = xs;
    this.#ys = ys;
    const { minX, maxX, minY, maxY } = boundsOf(xs, ys);
    this.#minX = minX;
    this.#minY = minY;
    this.#side = Math.max(1, Math.ceil(Math.sqrt(xs.length / 4)));
    this.#step = Math.max(maxX - minX, maxY - minY, Number.MIN_VALUE) / this.#side;
    for (let point = 0; point < xs.length; point += 1) {
      const key = this.#keyOf(this.#column(xs[point]!), this.#row(ys[point]!));
      const cell = this.#cells.get(key);
      if (cell) cell.push(point);
      else this.#cells.set(key, [point]);
    }
  }

  #column(x: number): number {
    return Math.floor((x - this.#minX) / this.#step);
  }

  #row(y: number): number {
    return Math.floor((y - this.#minY) / this.#step);
  }

  #keyOf(column: number, row: number): number {
    return row * (this.#side + 2) + column;
  }

  /** The nearest point within `radius` for which `accepts` holds; −1 when there is none. */
  nearest(x: number, y: number, radius: number, accepts: (point: number) => boolean): number {
    let best = -1;
    let bestSquare = radius * radius;
    const clamp = (value: number): number => Math.min(this.#side + 1, Math.max(0, value));
    const lastColumn = clamp(this.#column(x + radius));
    const lastRow = clamp(this.#row(y + radius));
    for (let row = clamp(this.#row(y - radius)); row <= lastRow; row += 1)
      for (let column = clamp(this.#column(x - radius)); column <= lastColumn; column += 1)
        for (const point of this.#cells.get(this.#keyOf(column, row)) ?? []) {
          const square = (this.#xs[point]! - x) ** 2 + (this.#ys[point]! - y) ** 2;
          if (square <= bestSquare && accepts(point)) {
            best = point;
            bestSquare = square;
          }
        }
    return best;
  }
}

export interface Bounds {
  readonly minX: number;
  readonly maxX: number;
  readonly minY: number;
  readonly maxY: number;
}

/** The box of all finite points; a unit box when there is none. */
export function boundsOf(xs: Float32Array, ys: Float32Array): Bounds {
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let point = 0; point < xs.length; point += 1) {
    const x = xs[point]!;
    const y = ys[point]!;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    if (x < minX) minX = x;
    if (x > maxX) maxX = x;
    if (y < minY) minY = y;
    if (y > maxY) maxY = y;
  }
  return minX <= maxX ? { minX, maxX, minY, maxY } : { minX: 0, maxX: 1, minY: 0, maxY: 1 };
}
