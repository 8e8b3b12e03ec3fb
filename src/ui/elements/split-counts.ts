import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { TrainingPreview } from '../../engine/training-protocol.ts';
import { formatCount } from '../format.ts';
import { controls } from '../styles/controls.ts';
import { figureTable } from '../styles/table.ts';

const parts = ['train', 'validation', 'test'] as const;

/** How many examples of each class fall in each part, as a table with a bar a row. */
@customElement('split-counts')
export class SplitCounts extends LitElement {
  @property({ attribute: false }) classes: TrainingPreview['classes'] = [];

  static override styles = [
    controls,
    figureTable,
    css`
      .scroll {
        max-block-size: 20rem;
        overflow: auto;
      }
      th,
      td {
        text-align: end;
      }
      th:first-child {
        text-align: start;
        overflow-wrap: anywhere;
      }
      td.none {
        color: var(--bad);
        font-weight: 600;
      }
      tfoot th,
      tfoot td {
        font-weight: 650;
      }
    `,
  ];

  override render(): TemplateResult {
    const total = (part: (typeof parts)[number]): number =>
      this.classes.reduce((sum, counts) => sum + counts[part], 0);
    return html`<div
      class="scroll"
      tabindex="0"
      role="region"
      aria-label="Examples of each class in each part"
    >
      <table>
        <thead>
          <tr>
            <th scope="col">class</th>
            ${parts.map((part) => html`<th scope="col">${part}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${this.classes.map(
            (counts) =>
              html`<tr>
                <th scope="row">${counts.name}</th>
                ${parts.map(
                  (part) =>
                    html`<td class="mono ${counts[part] === 0 && total(part) > 0 ? 'none' : ''}">
                      ${formatCount(counts[part])}
                    </td>`,
                )}
              </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">all</th>
            ${parts.map((part) => html`<td class="mono">${formatCount(total(part))}</td>`)}
          </tr>
        </tfoot>
      </table>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'split-counts': SplitCounts;
  }
}
