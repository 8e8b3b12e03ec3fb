import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { formatCount } from '../format.ts';
import { controls } from '../styles/controls.ts';
import { ThemeController } from '../theme.ts';
import { csvText, type Figure } from './export-figure.ts';
import { readPalette, seriesColor } from './palette.ts';
import { boundsOf, PointIndex } from './point-index.ts';
import { WidthController } from './width.ts';

const mostZoom = 60;
const pickRadiusPx = 14;
const edgePx = 16;

/**
 * A map of up to tens of thousands of points, coloured by group, on a canvas. Wheel with Ctrl or the buttons zoom,
 * dragging moves, a click chooses the nearest point, arrow keys step from point to point.
 * @fires point-chosen - `CustomEvent<number>` with the point's index
 */
@customElement('scatter-map')
export class ScatterMap extends LitElement implements Figure {
  @property({ attribute: false }) xs = new Float32Array();
  @property({ attribute: false }) ys = new Float32Array();
  /** Group of each point, an index into `groupNames`. */
  @property({ attribute: false }) groups: ArrayLike<number> = [];
  @property({ attribute: false }) groupNames: readonly string[] = [];
  /** What a point is, in words. */
  @property({ attribute: false }) describe: (point: number) => string = (point) => `point ${point + 1}`;
  @property({ type: Number }) chosen = -1;
  @property({ type: Number }) height = 460;
  @property() label = 'Map of the embeddings';

  @state() private hidden_ = new Set<number>();
  @state() private hovered = -1;
  @state() private zoom = 1;
  /** Centre of what is seen, in shares of the map's box. */
  @state() private center = { x: 0.5, y: 0.5 };
  @query('canvas') private canvas!: HTMLCanvasElement;
  #theme = new ThemeController(this);
  #width = new WidthController(this);
  #unitX = new Float32Array();
  #unitY = new Float32Array();
  #index = new PointIndex(this.#unitX, this.#unitY);
  #counts: readonly number[] = [];
  #drag: { x: number; y: number; moved: boolean } | null = null;

  static override styles = [
    controls,
    css`
      .plot {
        position: relative;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        overflow: hidden;
        cursor: crosshair;
        touch-action: none;
      }
      canvas {
        display: block;
        inline-size: 100%;
      }
      .zoom {
        display: flex;
        gap: 0.25rem;
      }
      .zoom button {
        min-block-size: 1.9rem;
        min-inline-size: 2.2rem;
        padding: 0 0.6rem;
      }
      .what {
        min-block-size: 1.5rem;
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.1rem 0.2rem;
        max-block-size: 9rem;
        overflow: auto;
      }
      .legend button {
        min-block-size: 1.7rem;
        border-color: transparent;
        background: none;
        padding-inline: 0.45rem;
        font-size: var(--text-s);
        font-weight: 450;
      }
      .legend button[aria-pressed='false'] {
        text-decoration: line-through;
        color: var(--ink-2);
      }
      .swatch {
        inline-size: 0.7rem;
        block-size: 0.7rem;
        border-radius: 2px;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('xs') || changed.has('ys')) {
      const { minX, maxX, minY, maxY } = boundsOf(this.xs, this.ys);
      const span = Math.max(maxX - minX, maxY - minY) || 1;
      this.#unitX = this.xs.map((x) => 0.5 + (x - (minX + maxX) / 2) / span);
      this.#unitY = this.ys.map((y) => 0.5 - (y - (minY + maxY) / 2) / span);
      this.#index = new PointIndex(this.#unitX, this.#unitY);
    }
    if (changed.has('groups') || changed.has('groupNames')) {
      const counts = this.groupNames.map(() => 0);
      for (let point = 0; point < this.groups.length; point += 1) {
        const group = this.groups[point] ?? 0;
        counts[group] = (counts[group] ?? 0) + 1;
      }
      this.#counts = counts;
    }
  }

  protected override updated(): void {
    void this.#theme;
    if (this.#width.value > 0) this.#draw();
  }

  /** Pixels of one map box, and the pixel where the box begins. */
  #view(): { size: number; left: number; top: number; width: number } {
    const width = this.#width.value - 2;
    const size = (Math.min(width, this.height) - 2 * edgePx) * this.zoom;
    return {
      size,
      width,
      left: width / 2 - this.center.x * size,
      top: this.height / 2 - this.center.y * size,
    };
  }

  #draw(): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const { size, left, top, width } = this.#view();
    const scale = devicePixelRatio;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.canvas.style.blockSize = `${this.height}px`;
    context.scale(scale, scale);
    const palette = readPalette(this);
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, width, this.height);
    const side = this.xs.length > 5000 ? 2.5 : this.xs.length > 800 ? 4 : 6;
    const byGroup = this.#pointsByGroup();
    // One colour at a time: changing fillStyle costs more than the squares.
    for (const [group, points] of byGroup.entries()) {
      if (this.hidden_.has(group)) continue;
      context.fillStyle = seriesColor(palette, group);
      for (const point of points) {
        const x = left + this.#unitX[point]! * size;
        const y = top + this.#unitY[point]! * size;
        if (x > -side && y > -side && x < width + side && y < this.height + side)
          context.fillRect(x - side / 2, y - side / 2, side, side);
      }
    }
    for (const point of [this.chosen, this.hovered]) {
      if (point < 0 || point >= this.xs.length) continue;
      context.strokeStyle = palette.ink;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(left + this.#unitX[point]! * size, top + this.#unitY[point]! * size, side + 4, 0, 7);
      context.stroke();
    }
  }

  #pointsByGroup(): readonly (readonly number[])[] {
    const byGroup: number[][] = this.groupNames.map(() => []);
    for (let point = 0; point < this.xs.length; point += 1) byGroup[this.groups[point] ?? 0]?.push(point);
    return byGroup;
  }

  override render(): TemplateResult {
    const shown = this.hovered >= 0 ? this.hovered : this.chosen;
    return html`
      <div class="row spread">
        <p class="what">
          ${shown >= 0 ? this.describe(shown) : `${formatCount(this.xs.length)} points. Point at one to see what it is.`}
        </p>
        <div class="zoom" role="group" aria-label="Zoom">
          <button type="button" aria-label="Zoom in" @click=${() => this.#zoomBy(1.5)}>+</button>
          <button type="button" aria-label="Zoom out" @click=${() => this.#zoomBy(1 / 1.5)}>−</button>
          <button type="button" @click=${this.#reset}>Whole</button>
        </div>
      </div>
      <div
        class="plot"
        role="slider"
        tabindex="0"
        aria-label=${this.label}
        aria-valuemin="0"
        aria-valuemax=${this.xs.length}
        aria-valuenow=${this.chosen + 1}
        aria-valuetext=${this.chosen >= 0 ? this.describe(this.chosen) : 'no point chosen'}
        @keydown=${this.#onKey}
        @wheel=${this.#onWheel}
        @pointerdown=${this.#onDown}
        @pointermove=${this.#onMove}
        @pointerup=${this.#onUp}
        @pointerleave=${() => (this.hovered = -1)}
      >
        <canvas aria-hidden="true"></canvas>
      </div>
      <div class="legend" role="group" aria-label="Groups">
        ${this.groupNames.map(
          (name, group) =>
            html`<button
              type="button"
              aria-pressed=${this.hidden_.has(group) ? 'false' : 'true'}
              @click=${() => this.#toggle(group)}
            >
              <span class="swatch" .style=${`background: var(--series-${(group % 12) + 1})`}></span>
              ${name} <span class="mono quiet">${formatCount(this.#counts[group] ?? 0)}</span>
            </button>`,
        )}
      </div>
    `;
  }

  #toggle(group: number): void {
    const next = new Set(this.hidden_);
    if (!next.delete(group)) next.add(group);
    this.hidden_ = next;
  }

  #zoomBy(factor: number): void {
    this.zoom = Math.min(mostZoom, Math.max(1, this.zoom * factor));
    if (this.zoom === 1) this.center = { x: 0.5, y: 0.5 };
  }

  #reset(): void {
    this.zoom = 1;
    this.center = { x: 0.5, y: 0.5 };
  }

  #pointAt(event: PointerEvent): number {
    const { size, left, top } = this.#view();
    const box = this.canvas.getBoundingClientRect();
    return this.#index.nearest(
      (event.clientX - box.left - left) / size,
      (event.clientY - box.top - top) / size,
      pickRadiusPx / size,
      (point) => !this.hidden_.has(this.groups[point] ?? 0),
    );
  }

  #onWheel(event: WheelEvent): void {
    // Without Ctrl the wheel scrolls the page, as it does everywhere else.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2);
  }

  #onDown(event: PointerEvent): void {
    this.#drag = { x: event.clientX, y: event.clientY, moved: false };
    if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
  }

  #onMove(event: PointerEvent): void {
    if (!this.#drag) {
      this.hovered = this.#pointAt(event);
      return;
    }
    const dx = event.clientX - this.#drag.x;
    const dy = event.clientY - this.#drag.y;
    if (!this.#drag.moved && Math.hypot(dx, dy) < 4) return;
    const { size } = this.#view();
    this.#drag = { x: event.clientX, y: event.clientY, moved: true };
    this.center = { x: this.center.x - dx / size, y: this.center.y - dy / size };
  }

  #onUp(event: PointerEvent): void {
    const wasDrag = this.#drag?.moved === true;
    this.#drag = null;
    if (!wasDrag) this.#choose(this.#pointAt(event));
  }

  #onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowDown: 1,
      ArrowLeft: -1,
      ArrowUp: -1,
      PageDown: 100,
      PageUp: -100,
      Home: -this.xs.length,
      End: this.xs.length,
    };
    const step = steps[event.key];
    if (event.key === '+' || event.key === '-') this.#zoomBy(event.key === '+' ? 1.5 : 1 / 1.5);
    else if (step !== undefined && this.xs.length > 0)
      this.#choose(Math.min(this.xs.length - 1, Math.max(0, this.chosen + step)));
    else return;
    event.preventDefault();
  }

  #choose(point: number): void {
    if (point < 0) return;
    this.chosen = point;
    this.dispatchEvent(new CustomEvent('point-chosen', { detail: point, bubbles: true, composed: true }));
  }

  toSvg(): string {
    const palette = readPalette(this);
    const { size, left, top, width } = this.#view();
    const groups = this.#pointsByGroup().map((points, group) => {
      if (this.hidden_.has(group)) return '';
      const circles = points.map(
        (point) =>
          `<circle cx="${(left + this.#unitX[point]! * size).toFixed(1)}" cy="${(top + this.#unitY[point]! * size).toFixed(1)}" r="1.5"/>`,
      );
      return `<g fill="${seriesColor(palette, group)}">${circles.join('')}</g>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${this.height}" viewBox="0 0 ${width} ${this.height}"><rect width="100%" height="100%" fill="${palette.surface}"/>${groups.join('')}</svg>`;
  }

  toCsv(): string {
    return csvText([
      ['index', 'x', 'y', 'group'],
      ...Array.from(this.xs, (x, point) => [
        point,
        x,
        this.ys[point] ?? Number.NaN,
        this.groupNames[this.groups[point] ?? 0] ?? '',
      ]),
    ]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'scatter-map': ScatterMap;
  }
}
