import { LitElement, css, html, nothing, svg, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';
import { ThemeController } from '../theme.ts';
import { WidthController } from './width.ts';
import { decimate, pathThrough } from './decimate.ts';
import { csvText, svgDocument, type Figure } from './export-figure.ts';
import { readPalette, seriesColor, type Palette } from './palette.ts';
import { scaleFor, type Scale, type ScaleKind } from './scale.ts';

export interface LineSeries {
  readonly name: string;
  /** Ascending. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Index into the twelve series colours; its place in the list when absent. */
  readonly color?: number;
  readonly hasDots?: boolean;
}

export interface ChartAxis {
  readonly label: string;
  readonly scale?: ScaleKind;
  readonly domain?: readonly [number, number];
  readonly format?: (value: number) => string;
}

/** A vertical line with words: where a run was resumed, where a checkpoint lies. */
export interface ChartMark {
  readonly x: number;
  readonly label: string;
}

const dashes = ['', '7 4', '2 3', '9 3 2 3'];
const margin = { top: 10, right: 14, bottom: 40, left: 68 };
const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** Index of the entry nearest to a value in an ascending list; −1 in an empty one. */
function nearestIndex(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  const before = values[low - 1];
  return before !== undefined && value - before < (values[low] ?? 0) - value ? low - 1 : low;
}

/**
 * Lines over a common x axis, drawn as SVG so that what is seen is what is saved. Lines differ by dash as well as by
 * colour; the legend turns them off and on; pointer or arrow keys read the values.
 */
@customElement('line-chart')
export class LineChart extends LitElement implements Figure {
  @property({ attribute: false }) series: readonly LineSeries[] = [];
  @property({ attribute: false }) x: ChartAxis = { label: '' };
  @property({ attribute: false }) y: ChartAxis = { label: '' };
  @property({ attribute: false }) marks: readonly ChartMark[] = [];
  /** Draws the diagonal, as chance in a ROC plot. */
  @property({ type: Boolean }) diagonal = false;
  @property({ type: Number }) height = 260;
  /** Says what the chart shows, for a screen reader. */
  @property() label = 'Chart';

  @state() private hidden_ = new Set<string>();
  /** The x value that is being read. */
  @state() private reading: number | null = null;
  @query('.plot svg') private picture!: SVGSVGElement;
  #theme = new ThemeController(this);
  #width = new WidthController(this);

  static override styles = [
    controls,
    css`
      .plot {
        border-radius: var(--radius);
        touch-action: pan-y;
      }
      .plot svg {
        display: block;
        inline-size: 100%;
        block-size: auto;
        font-family: var(--sans);
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.15rem 0.25rem;
      }
      .legend button {
        min-block-size: 1.75rem;
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
      .reading {
        min-block-size: 1.5rem;
        font-size: var(--text-s);
        color: var(--ink-2);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  #shown(): readonly LineSeries[] {
    return this.series.filter(({ name }) => !this.hidden_.has(name));
  }

  #scales(): { x: Scale; y: Scale } {
    const shown = this.#shown();
    return {
      x: scaleFor(
        this.x.scale ?? 'linear',
        shown.flatMap(({ x }) => [x[0] ?? Number.NaN, x.at(-1) ?? Number.NaN]),
        this.x.domain ?? null,
        Math.max(3, this.#width.value / 110),
        0,
      ),
      y: scaleFor(
        this.y.scale ?? 'linear',
        shown.flatMap(({ y }) => y),
        this.y.domain ?? null,
        this.height / 55,
      ),
    };
  }

  override render(): TemplateResult {
    void this.#theme;
    const readings = this.#xValues();
    const at = this.reading === null ? -1 : nearestIndex(readings, this.reading);
    return html`
      <div
        class="plot"
        role="slider"
        tabindex="0"
        aria-label=${this.label}
        aria-valuemin="0"
        aria-valuemax=${readings.length}
        aria-valuenow=${at + 1}
        aria-valuetext=${this.reading === null ? this.#summary() : this.#readout()}
        @keydown=${(event: KeyboardEvent) => this.#onKey(event, readings, at)}
        @pointermove=${this.#onPointer}
        @pointerleave=${() => (this.reading = null)}
      >
        ${this.#width.value > 0 ? this.#draw() : nothing}
      </div>
      <p class="reading" aria-hidden="true">${this.reading === null ? this.#summary() : this.#readout()}</p>
      ${this.series.length > 1 ? this.#legend() : nothing}
    `;
  }

  #draw(): TemplateResult {
    const palette = readPalette(this);
    const scales = this.#scales();
    const width = Math.max(220, this.#width.value);
    const right = width - margin.right;
    const bottom = this.height - margin.bottom;
    const px = (value: number): number => margin.left + scales.x.at(value) * (right - margin.left);
    const py = (value: number): number => bottom - scales.y.at(value) * (bottom - margin.top);
    return html`<svg viewBox="0 0 ${width} ${this.height}" aria-hidden="true" font-size="11.5">
      ${this.#grid(palette, scales, px, py, right, bottom)}
      ${
        this.diagonal
          ? svg`<path d="M${px(scales.x.min)} ${py(scales.y.min)}L${px(scales.x.max)} ${py(scales.y.max)}"
              stroke=${palette.quiet} stroke-dasharray="3 4" fill="none" />`
          : nothing
      }
      ${this.marks.map(
        ({ x, label }) =>
          svg`<g><path d="M${px(x)} ${margin.top}V${bottom}" stroke=${palette.signal} stroke-dasharray="4 3" />
            <text x=${px(x) + 4} y=${bottom - 6} fill=${palette.quiet}>${label}</text></g>`,
      )}
      ${this.series.map((line, index) =>
        this.hidden_.has(line.name) ? nothing : this.#line(line, index, palette, px, py),
      )}
      ${
        this.reading === null
          ? nothing
          : svg`<path data-passing d="M${px(this.reading)} ${margin.top}V${bottom}" stroke=${palette.ink} stroke-opacity=".5" />`
      }
    </svg>`;
  }

  #grid(
    palette: Palette,
    scales: { x: Scale; y: Scale },
    px: (value: number) => number,
    py: (value: number) => number,
    right: number,
    bottom: number,
  ): TemplateResult {
    const formatX = this.x.format ?? ((value: number) => plain.format(value));
    const formatY = this.y.format ?? ((value: number) => plain.format(value));
    return svg`
      ${scales.y.ticks.map(
        (tick) => svg`<g><path d="M${margin.left} ${py(tick)}H${right}" stroke=${palette.line} />
          <text x=${margin.left - 8} y=${py(tick) + 4} text-anchor="end" fill=${palette.quiet}>${formatY(tick)}</text></g>`,
      )}
      ${scales.x.ticks.map(
        (tick) => svg`<g><path d="M${px(tick)} ${bottom}v5" stroke=${palette.quiet} />
          <text x=${px(tick)} y=${bottom + 18} text-anchor="middle" fill=${palette.quiet}>${formatX(tick)}</text></g>`,
      )}
      <path d="M${margin.left} ${margin.top}V${bottom}H${right}" stroke=${palette.quiet} fill="none" />
      <text x=${(margin.left + right) / 2} y=${this.height - 5} text-anchor="middle" fill=${palette.ink}>${this.x.label}</text>
      <text transform="translate(13 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill=${palette.ink}>${this.y.label}</text>
    `;
  }

  #line(
    line: LineSeries,
    index: number,
    palette: Palette,
    px: (value: number) => number,
    py: (value: number) => number,
  ): TemplateResult {
    const color = seriesColor(palette, line.color ?? index);
    const points = decimate(line.x.map((x, at) => ({ x: px(x), y: py(line.y[at] ?? Number.NaN) })));
    const dots = line.hasDots === true || points.length === 1;
    return svg`<g>
      <path d=${pathThrough(points)} fill="none" stroke=${color} stroke-width="2" stroke-linejoin="round"
        stroke-dasharray=${dashes[index % dashes.length] ?? ''} />
      ${
        dots
          ? points
              .filter(({ y }) => Number.isFinite(y))
              .map(({ x, y }) => svg`<circle cx=${x.toFixed(1)} cy=${y.toFixed(1)} r="3" fill=${color} />`)
          : nothing
      }
    </g>`;
  }

  #legend(): TemplateResult {
    return html`<div class="legend" role="group" aria-label="Lines">
      ${this.series.map(
        ({ name, color }, index) =>
          html`<button
            type="button"
            aria-pressed=${this.hidden_.has(name) ? 'false' : 'true'}
            @click=${() => this.#toggle(name)}
          >
            <svg width="26" height="8" aria-hidden="true">
              <path
                d="M1 4H25"
                fill="none"
                stroke="var(--series-${((color ?? index) % 12) + 1})"
                stroke-width="2.5"
                stroke-dasharray=${dashes[index % dashes.length] ?? ''}
              />
            </svg>
            ${name}
          </button>`,
      )}
    </div>`;
  }

  #toggle(name: string): void {
    const next = new Set(this.hidden_);
    if (!next.delete(name)) next.add(name);
    this.hidden_ = next;
  }

  #xValues(): readonly number[] {
    const longest = this.#shown().reduce<readonly number[]>(
      (best, { x }) => (x.length > best.length ? x : best),
      [],
    );
    return longest;
  }

  #onKey(event: KeyboardEvent, readings: readonly number[], at: number): void {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      PageDown: 10,
      PageUp: -10,
      Home: -readings.length,
      End: readings.length,
    };
    const step = steps[event.key];
    if (step === undefined || readings.length === 0) return;
    event.preventDefault();
    this.reading = readings[Math.min(readings.length - 1, Math.max(0, at + step))] ?? null;
  }

  #onPointer(event: PointerEvent): void {
    const box = this.picture.getBoundingClientRect();
    const scale = Math.max(220, this.#width.value) / box.width;
    const share =
      ((event.clientX - box.left) * scale - margin.left) / (box.width * scale - margin.left - margin.right);
    const { x } = this.#scales();
    // Every scale is monotonic: the nearest reading in the axis's own measure.
    const values = this.#xValues();
    const index = nearestIndex(
      values.map((value) => x.at(value)),
      share,
    );
    this.reading = values[index] ?? null;
  }

  #summary(): string {
    const parts = this.#shown().map(({ name, y }) => {
      const last = y.at(-1);
      return last === undefined ? `${name}: nothing yet` : `${name}: ${this.#formatY(last)} at the end`;
    });
    return parts.slice(0, 6).join(', ');
  }

  #readout(): string {
    const { reading } = this;
    if (reading === null) return '';
    const format = this.x.format ?? ((value: number) => plain.format(value));
    const values = this.#shown().flatMap(({ name, x, y }) => {
      const value = y[nearestIndex(x, reading)];
      return value === undefined ? [] : [`${name} ${this.#formatY(value)}`];
    });
    return `${this.x.label} ${format(reading)}: ${values.slice(0, 8).join(', ')}`;
  }

  #formatY(value: number): string {
    if (!Number.isFinite(value)) return 'not a number';
    return (this.y.format ?? ((each: number) => plain.format(each)))(value);
  }

  toSvg(): string {
    return svgDocument(this.picture, readPalette(this).surface);
  }

  /** Long form: series, x, y. */
  toCsv(): string {
    return csvText([
      ['series', this.x.label || 'x', this.y.label || 'y'],
      ...this.series.flatMap(({ name, x, y }) =>
        x.map((value, index) => [name, value, y[index] ?? Number.NaN]),
      ),
    ]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'line-chart': LineChart;
  }
}
