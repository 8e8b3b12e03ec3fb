import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { formatCount, formatShare } from '../format.ts';
import { controls } from '../styles/controls.ts';
import { confusionSvg, shadeOf } from './confusion-svg.ts';
import { csvText, type Figure } from './export-figure.ts';
import { readPalette } from './palette.ts';

export interface ConfusionCell {
  /** Index of the true class. */
  readonly truth: number;
  readonly predicted: number;
}

/**
 * A confusion matrix as a table: rows are the true classes, shaded by their share of the row; hits in the accent
 * colour, errors in another. Every cell is a button.
 * @fires cell-chosen - `CustomEvent<ConfusionCell>`
 */
@customElement('confusion-matrix')
export class ConfusionMatrix extends LitElement implements Figure {
  @property({ attribute: false }) labels: readonly string[] = [];
  /** `counts[truth][predicted]` */
  @property({ attribute: false }) counts: readonly (readonly number[])[] = [];
  @property({ attribute: false }) chosen: ConfusionCell | null = null;

  static override styles = [
    controls,
    css`
      .scroll {
        overflow: auto;
        max-block-size: 40rem;
      }
      table {
        border-collapse: separate;
        border-spacing: 2px;
        font-size: var(--text-s);
      }
      th {
        font-weight: 500;
        max-inline-size: 8rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      tbody th {
        text-align: end;
        padding-inline-end: 0.5rem;
        position: sticky;
        inset-inline-start: 0;
        background: var(--surface);
      }
      thead th[scope='col'] {
        writing-mode: vertical-rl;
        transform: rotate(180deg);
        text-align: start;
        padding-block: 0.35rem;
        max-block-size: 8rem;
      }
      td {
        padding: 0;
      }
      td button {
        inline-size: 2.9rem;
        min-block-size: 2.3rem;
        padding: 0;
        border: 1px solid transparent;
        border-radius: 3px;
        font: var(--text-s) var(--mono);
        color: var(--ink);
      }
      td button:hover {
        border-color: var(--ink);
        background: var(--hover, var(--accent-soft));
      }
      td button[aria-pressed='true'] {
        border: 2px solid var(--ink);
      }
      .many td button {
        inline-size: 1.7rem;
        min-block-size: 1.5rem;
        font-size: 0.6875rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { labels, counts } = this;
    return html`<div
      class="scroll ${labels.length > 14 ? 'many' : ''}"
      tabindex="0"
      role="region"
      aria-label="Confusion matrix"
    >
      <table>
        <caption class="visually-hidden">
          Rows are the true classes, columns the predicted ones.
        </caption>
        <thead>
          <tr>
            <td class="quiet small">true ↓ predicted →</td>
            ${labels.map((label) => html`<th scope="col" title=${label}>${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${counts.map((row, truth) => {
            const total = row.reduce((sum, count) => sum + count, 0);
            return html`<tr>
              <th scope="row" title=${labels[truth] ?? ''}>${labels[truth]}</th>
              ${row.map((count, predicted) => this.#cell(count, total, { truth, predicted }))}
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #cell(count: number, total: number, cell: ConfusionCell): TemplateResult {
    const { truth, predicted } = cell;
    const share = total === 0 ? 0 : count / total;
    const isHit = truth === predicted;
    const words = `true ${this.labels[truth]}, predicted ${this.labels[predicted]}: ${formatCount(count)} (${formatShare(share)})`;
    const isChosen = this.chosen?.truth === truth && this.chosen.predicted === predicted;
    const fill = `color-mix(in srgb, var(${isHit ? '--heat' : '--heat-error'}) ${Math.round(100 * shadeOf(share, isHit))}%, var(--surface))`;
    return html`<td>
      <button
        type="button"
        title=${words}
        aria-label=${words}
        aria-pressed=${isChosen ? 'true' : 'false'}
        .style=${`background: ${fill}`}
        @click=${() => this.#choose(cell)}
      >
        ${count === 0 ? nothing : formatCount(count)}
      </button>
    </td>`;
  }

  #choose(cell: ConfusionCell): void {
    this.dispatchEvent(new CustomEvent('cell-chosen', { detail: cell, bubbles: true, composed: true }));
  }

  toSvg(): string {
    return confusionSvg(this.labels, this.counts, readPalette(this));
  }

  toCsv(): string {
    return csvText([
      ['true \\ predicted', ...this.labels],
      ...this.counts.map((row, truth) => [this.labels[truth] ?? String(truth), ...row]),
    ]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'confusion-matrix': ConfusionMatrix;
  }
}
