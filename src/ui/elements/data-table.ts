import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';

export interface TableColumn<Row> {
  readonly key: string;
  readonly title: string;
  /** A track of `grid-template-columns`, e.g. `minmax(12rem, 1fr)` or `6rem`. */
  readonly width: string;
  readonly align?: 'start' | 'end';
  readonly cell: (row: Row) => TemplateResult | string;
  /** What sorting compares; a column without it cannot be sorted. */
  readonly sortValue?: (row: Row) => string | number | null;
}

const rowHeight = 36;
const overscan = 8;
const collator = new Intl.Collator(undefined, { numeric: true });

/** Nulls last, numbers by size, texts as a person sorts them (`clip 2` before `clip 10`). */
function compareValues(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

/**
 * A table of any number of rows that draws only those in sight. Rows have one height, so 20,000 of them cost a
 * multiplication. Scrolls by keyboard; sorts by its headings.
 */
@customElement('data-table')
export class DataTable extends LitElement {
  @property({ attribute: false }) rows: readonly unknown[] = [];
  @property({ attribute: false }) columns: readonly TableColumn<never>[] = [];
  /** Says what the table holds, for a screen reader. */
  @property() caption = '';
  @property({ attribute: 'empty-text' }) emptyText = 'Nothing to show.';

  @state() private scrollTop_ = 0;
  @state() private viewHeight = 480;
  @state() private sortKey: string | null = null;
  @state() private sortDirection: 1 | -1 = 1;

  #sorted: readonly unknown[] = [];
  #observer = new ResizeObserver(([entry]) => {
    if (entry) this.viewHeight = entry.contentRect.height;
  });

  static override styles = [
    controls,
    css`
      .scroll {
        block-size: min(30rem, 62vh);
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        overscroll-behavior: contain;
      }
      .inner {
        min-inline-size: max-content;
      }
      .tr {
        display: grid;
        align-items: center;
        block-size: ${rowHeight}px;
        border-block-end: 1px solid var(--line);
      }
      .body {
        position: relative;
      }
      .window {
        position: absolute;
        inset-inline: 0;
        inset-block-start: 0;
      }
      .body .tr:hover {
        background: var(--accent-soft);
      }
      .head {
        position: sticky;
        inset-block-start: 0;
        z-index: 1;
        background: var(--sunken);
        font-size: var(--text-s);
      }
      .td {
        padding-inline: 0.75rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
      }
      .head .td {
        padding-inline: 0.25rem;
        overflow: visible;
      }
      .end {
        text-align: end;
      }
      .head button {
        min-block-size: 1.75rem;
        border: 0;
        background: none;
        padding-inline: 0.5rem;
        font-weight: 600;
        color: var(--ink-2);
      }
      .head button:hover {
        color: var(--ink);
        background: var(--accent-soft);
      }
      .arrow {
        inline-size: 0.8em;
      }
      .empty {
        padding: 2rem 1rem;
        text-align: center;
        color: var(--ink-2);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('rows') || changed.has('sortKey') || changed.has('sortDirection')) this.#sort();
    if (changed.has('rows') && changed.get('rows') !== undefined && this.rows.length === 0)
      this.scrollTop_ = 0;
  }

  protected override firstUpdated(): void {
    const scroll = this.renderRoot.querySelector('.scroll');
    if (scroll) this.#observer.observe(scroll);
  }

  #sort(): void {
    const value = this.#columnsOf().find(({ key }) => key === this.sortKey)?.sortValue;
    this.#sorted = value
      ? [...this.rows].sort((a, b) => this.sortDirection * compareValues(value(a), value(b)))
      : this.rows;
  }

  // Lit properties cannot be generic: rows and columns agree by construction at the place of use.
  #columnsOf(): readonly TableColumn<unknown>[] {
    return this.columns as readonly TableColumn<unknown>[];
  }

  #sortBy(key: string): void {
    if (this.sortKey !== key) {
      this.sortKey = key;
      this.sortDirection = 1;
    } else if (this.sortDirection === 1) this.sortDirection = -1;
    else this.sortKey = null;
  }

  override render(): TemplateResult {
    const columns = this.#columnsOf();
    const tracks = columns.map(({ width }) => width).join(' ');
    const first = Math.max(0, Math.floor(this.scrollTop_ / rowHeight) - overscan);
    const last = Math.min(
      this.#sorted.length,
      Math.ceil((this.scrollTop_ + this.viewHeight) / rowHeight) + overscan,
    );
    return html`<div
      class="scroll"
      role="table"
      tabindex="0"
      aria-label=${this.caption}
      aria-rowcount=${this.#sorted.length + 1}
      @scroll=${(event: Event) => (this.scrollTop_ = (event.currentTarget as HTMLElement).scrollTop)}
    >
      <div class="inner" role="presentation">
        <div role="rowgroup" class="head">
          <div class="tr" role="row" aria-rowindex="1" .style=${`grid-template-columns: ${tracks}`}>
            ${columns.map((column) => this.#heading(column))}
          </div>
        </div>
        ${
          this.#sorted.length === 0
            ? html`<div role="rowgroup">
                <div role="row"><div role="cell" class="empty">${this.emptyText}</div></div>
              </div>`
            : html`<div
                role="rowgroup"
                class="body"
                .style=${`block-size: ${this.#sorted.length * rowHeight}px`}
              >
                <div
                  class="window"
                  role="presentation"
                  .style=${`transform: translateY(${first * rowHeight}px)`}
                >
                  ${this.#sorted
                    .slice(first, last)
                    .map(
                      (row, index) =>
                        html`<div
                          class="tr"
                          role="row"
                          aria-rowindex=${first + index + 2}
                          .style=${`grid-template-columns: ${tracks}`}
                        >
                          ${columns.map(
                            ({ align, cell }) =>
                              html`<div class="td ${align ?? 'start'}" role="cell">${cell(row)}</div>`,
                          )}
                        </div>`,
                    )}
                </div>
              </div>`
        }
      </div>
    </div>`;
  }

  #heading({ key, title, align, sortValue }: TableColumn<unknown>): TemplateResult {
    const isSorted = this.sortKey === key;
    const order = isSorted ? (this.sortDirection === 1 ? 'ascending' : 'descending') : 'none';
    return html`<div class="td ${align ?? 'start'}" role="columnheader" aria-sort=${order}>
      ${
        sortValue
          ? html`<button type="button" @click=${() => this.#sortBy(key)}>
              ${title}<span class="arrow" aria-hidden="true"
                >${isSorted ? (this.sortDirection === 1 ? '↑' : '↓') : ''}</span
              >
            </button>`
          : title
      }
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'data-table': DataTable;
  }
}
