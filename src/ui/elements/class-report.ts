import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { EvaluationResult } from '../../engine/training-protocol.ts';
import { csvText } from '../charts/export-figure.ts';
import { formatCount } from '../format.ts';
import { icons } from '../icons.ts';
import { downloadFile } from '../save-file.ts';
import { controls } from '../styles/controls.ts';
import { figureTable } from '../styles/table.ts';

const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);

/** Precision, recall, F1 and EER of each class, and their support. */
@customElement('class-report')
export class ClassReport extends LitElement {
  @property({ attribute: false }) result!: EvaluationResult;
  @property({ attribute: 'file-name' }) fileName = 'report';

  static override styles = [
    controls,
    figureTable,
    css`
      .scroll {
        overflow: auto;
        max-block-size: 32rem;
      }
      th,
      td {
        text-align: end;
        white-space: nowrap;
      }
      th:first-child {
        text-align: start;
      }
    `,
  ];

  override render(): TemplateResult {
    const { classes, perClass } = this.result;
    return html`<section class="panel stack" aria-labelledby="report">
      <div class="row spread">
        <h2 id="report">Per class</h2>
        <button type="button" class="plain" aria-label="Save CSV of the report" @click=${this.#save}>
          ${icons.download} CSV
        </button>
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label="Report of each class">
        <table>
          <thead>
            <tr>
              <th scope="col">class</th>
              <th scope="col">precision</th>
              <th scope="col">recall</th>
              <th scope="col">F1</th>
              <th scope="col">EER</th>
              <th scope="col">clips</th>
            </tr>
          </thead>
          <tbody>
            ${perClass.map(
              ({ precision, recall, f1, eer, support }, index) =>
                html`<tr>
                  <th scope="row">${classes[index]}</th>
                  <td class="mono">${percent(precision)}</td>
                  <td class="mono">${percent(recall)}</td>
                  <td class="mono">${percent(f1)}</td>
                  <td class="mono">${percent(eer)}</td>
                  <td class="mono">${formatCount(support)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  #save(): void {
    const { classes, perClass } = this.result;
    const text = csvText([
      ['class', 'precision', 'recall', 'f1', 'eer', 'support'],
      ...perClass.map(({ precision, recall, f1, eer, support }, index) => [
        classes[index] ?? '',
        precision,
        recall,
        f1,
        eer ?? Number.NaN,
        support,
      ]),
    ]);
    downloadFile(new File([text], `${this.fileName}.csv`, { type: 'text/csv' }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'class-report': ClassReport;
  }
}
