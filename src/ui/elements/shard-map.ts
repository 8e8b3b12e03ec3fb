import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { ShardState, ShardStatus } from '../../engine/protocol.ts';
import { formatBytes, formatCount } from '../format.ts';
import { icons } from '../icons.ts';
import { controls } from '../styles/controls.ts';
import { ThemeController } from '../theme.ts';
import { drawShardCell, readShardColors } from './shard-cell.ts';

const stateOrder: readonly ShardState[] = ['verified', 'done', 'in flight', 'pending', 'failed', 'damaged'];

const stateMeaning: Record<ShardState, string> = {
  verified: 'read back and checked',
  done: 'saved',
  'in flight': 'being computed',
  pending: 'still to do',
  failed: 'could not be computed',
  damaged: 'does not match its digest',
};

/**
 * One cell a shard, told apart by shape as well as colour; thousands fit. Works as a slider: arrow keys walk from
 * shard to shard, and the line below says what the chosen one is.
 * @fires save-shard - `CustomEvent<string>` with the name of the shard to save
 */
@customElement('shard-map')
export class ShardMap extends LitElement {
  @property({ attribute: false }) shards: readonly ShardStatus[] = [];

  @state() private chosen = -1;
  @state() private hovered = -1;
  @state() private mapWidth = 0;
  @query('canvas') private canvas!: HTMLCanvasElement;

  #theme = new ThemeController(this);
  // Drawing changes the canvas's own size: one frame later, so that the observer is not asked about its own work.
  #observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    requestAnimationFrame(() => (this.mapWidth = width));
  });
  static override styles = [
    controls,
    css`
      .map {
        border-radius: var(--radius);
        cursor: pointer;
        touch-action: manipulation;
      }
      canvas {
        display: block;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.3rem 1.25rem;
        font-size: var(--text-s);
        margin-block-start: 0.8rem;
      }
      .legend li {
        display: flex;
        gap: 0.45rem;
        align-items: center;
      }
      .detail {
        margin-block-start: 0.6rem;
        min-block-size: 2.4rem;
        font-size: var(--text-s);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected override firstUpdated(): void {
    const map = this.renderRoot.querySelector('.map');
    if (map) this.#observer.observe(map);
  }

  protected override updated(_changed: PropertyValues): void {
    void this.#theme;
    this.#draw();
  }

  /** Few shards get large cells, many get small ones, so that the map stays about as high as a hand. */
  #layout(): { columns: number; cell: number; gap: number; rows: number } {
    const count = Math.max(1, this.shards.length);
    const width = Math.max(120, this.mapWidth);
    const cell = count <= 60 ? 24 : count <= 240 ? 18 : count <= 1200 ? 12 : 8;
    const gap = cell >= 18 ? 4 : cell >= 12 ? 3 : 2;
    const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
    return { columns, cell, gap, rows: Math.ceil(count / columns) };
  }

  #draw(): void {
    const context = this.canvas.getContext('2d');
    if (!context || this.mapWidth === 0) return;
    const { columns, cell, gap, rows } = this.#layout();
    const width = Math.min(columns, Math.max(1, this.shards.length)) * (cell + gap);
    const height = rows * (cell + gap);
    const scale = devicePixelRatio;
    this.canvas.width = Math.ceil(width * scale);
    this.canvas.height = Math.ceil(height * scale);
    this.canvas.style.inlineSize = `${width}px`;
    this.canvas.style.blockSize = `${height}px`;
    context.scale(scale, scale);
    const colors = readShardColors(this);
    for (const [index, shard] of this.shards.entries()) {
      const x = (index % columns) * (cell + gap) + gap / 2;
      const y = Math.floor(index / columns) * (cell + gap) + gap / 2;
      drawShardCell(context, shard.state, x, y, cell, colors);
      if (index === this.chosen || index === this.hovered) {
        context.strokeStyle = colors.ink;
        context.lineWidth = 2;
        context.strokeRect(x - 1, y - 1, cell + 2, cell + 2);
      }
    }
  }

  #indexAt(event: PointerEvent): number {
    const { columns, cell, gap } = this.#layout();
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (cell + gap));
    const row = Math.floor((event.clientY - box.top) / (cell + gap));
    const index = row * columns + column;
    return column >= 0 && column < columns && row >= 0 && index < this.shards.length ? index : -1;
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.shards.length - 1;
    const { columns } = this.#layout();
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      PageDown: columns * 4,
      PageUp: -columns * 4,
      Home: -this.shards.length,
      End: this.shards.length,
    };
    const step = steps[event.key];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    this.chosen = Math.min(last, Math.max(0, this.chosen + step));
  }

  #describe({ name, state, sizeBytes }: ShardStatus): string {
    return `${name}: ${state}, ${stateMeaning[state]}${sizeBytes > 0 ? `, ${formatBytes(sizeBytes)}` : ''}`;
  }

  override render(): TemplateResult {
    const counts = new Map<ShardState, number>();
    for (const { state } of this.shards) counts.set(state, (counts.get(state) ?? 0) + 1);
    const shown = this.shards[this.hovered] ?? this.shards[this.chosen];
    const chosen = this.shards[this.chosen];
    return html`
      <div
        class="map"
        role="slider"
        tabindex="0"
        aria-label="Shard map: one cell a shard"
        aria-valuemin="0"
        aria-valuemax=${this.shards.length}
        aria-valuenow=${this.chosen + 1}
        aria-valuetext=${chosen ? this.#describe(chosen) : 'no shard chosen'}
        @keydown=${this.#onKey}
        @pointermove=${(event: PointerEvent) => (this.hovered = this.#indexAt(event))}
        @pointerleave=${() => (this.hovered = -1)}
        @click=${(event: PointerEvent) => (this.chosen = this.#indexAt(event))}
      >
        <canvas aria-hidden="true"></canvas>
      </div>
      <ul class="legend" aria-label="Shards by state">
        ${stateOrder
          .filter((state) => counts.has(state))
          .map(
            (state) =>
              html`<li title=${stateMeaning[state]}>
                <shard-swatch .state=${state}></shard-swatch>
                <span>${state} <span class="mono">${formatCount(counts.get(state) ?? 0)}</span></span>
              </li>`,
          )}
      </ul>
      <div class="detail row">
        ${
          shown
            ? html`<span class="path">${this.#describe(shown)}</span>`
            : html`<span class="quiet"
                >Point at a cell, or walk with the arrow keys, to see which clips it holds.</span
              >`
        }
        ${
          chosen && (chosen.state === 'done' || chosen.state === 'verified')
            ? html`<button type="button" class="plain" @click=${() => this.#save(chosen.name)}>
                ${icons.download} Save this shard
              </button>`
            : ''
        }
      </div>
    `;
  }

  #save(name: string): void {
    this.dispatchEvent(new CustomEvent('save-shard', { detail: name, bubbles: true, composed: true }));
  }
}

/** One cell by itself, for the legend. */
@customElement('shard-swatch')
export class ShardSwatch extends LitElement {
  @property({ attribute: false }) state: ShardState = 'pending';
  @query('canvas') private canvas!: HTMLCanvasElement;
  #theme = new ThemeController(this);

  static override styles = css`
    canvas {
      display: block;
      inline-size: 14px;
      block-size: 14px;
    }
  `;

  protected override updated(): void {
    void this.#theme;
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const scale = devicePixelRatio;
    this.canvas.width = Math.ceil(14 * scale);
    this.canvas.height = Math.ceil(14 * scale);
    context.scale(scale, scale);
    drawShardCell(context, this.state, 0, 0, 14, readShardColors(this));
  }

  override render(): TemplateResult {
    return html`<canvas aria-hidden="true"></canvas>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'shard-map': ShardMap;
    'shard-swatch': ShardSwatch;
  }
}
