import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { CrossValidationResult } from '../../../engine/training-protocol.ts';
import '../../charts/confusion-matrix.ts';
import '../../charts/figure-frame.ts';
import '../../elements/choice-group.ts';
import { numberField } from '../../elements/number-field.ts';
import '../../elements/progress-ruler.ts';
import { formatCount } from '../../format.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { formatMetric, metricTitle } from '../../training-draft.ts';
import { rowsOf } from '../run/evaluation-words.ts';
import { TrainingView } from '../training-view.ts';

const ways = [
  { value: 'speaker', title: 'Leave one speaker out', help: 'each speaker is judged by the others' },
  { value: 'none', title: 'Folds', help: 'every clip is judged once' },
];

/** Judges these settings on all the data: every clip is predicted by a model that never saw it. */
@customElement('cross-validation-panel')
export class CrossValidationPanel extends TrainingView {
  @state() private groups: 'speaker' | 'none' = 'speaker';
  @state() private folds = 5;
  @state() private result: CrossValidationResult | null = null;
  @state() private isBusy = false;

  static override styles = [
    controls,
    css`
      .scroll {
        overflow: auto;
        max-block-size: 22rem;
      }
      table {
        border-collapse: collapse;
        font-size: var(--text-s);
        inline-size: 100%;
      }
      th,
      td {
        text-align: end;
        padding: 0.25rem 0.5rem;
        border-block-end: 1px solid var(--line);
        white-space: nowrap;
      }
      th:first-child {
        text-align: start;
      }
      th {
        font-weight: 500;
      }
      tfoot {
        font-weight: 650;
      }
    `,
  ];

  override render(): TemplateResult {
    const { fold } = this.state;
    return html`<section class="panel stack" aria-labelledby="cross">
      <h2 id="cross">Cross-validation</h2>
      <choice-group
        legend="Hold out"
        .choices=${ways}
        .value=${this.groups}
        @choose=${(event: CustomEvent<'speaker' | 'none'>) => (this.groups = event.detail)}
      ></choice-group>
      <div class="row">
        ${
          this.groups === 'none'
            ? numberField({
                label: 'Folds',
                value: this.folds,
                min: 2,
                max: 100,
                step: 1,
                change: (folds) => (this.folds = folds ?? 5),
              })
            : ''
        }
        <button type="button" ?disabled=${this.isBusy} @click=${this.#start}>
          ${icons.play} Cross-validate
        </button>
      </div>
      ${
        this.isBusy && fold
          ? html`<p class="small quiet" role="status">
                ${formatCount(fold.done)} of ${formatCount(fold.total)} folds, now ${fold.name}
              </p>
              <progress-ruler
                compact
                label="Folds done"
                .done=${fold.done}
                .total=${fold.total}
              ></progress-ruler>`
          : ''
      }
      ${this.result ? this.#table(this.result) : ''}
    </section>`;
  }

  #table({ folds, pooled, classes, confusion }: CrossValidationResult): TemplateResult {
    const names = ['accuracy', 'uar', 'macroF1', 'eer', 'loss'] as const;
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Folds">
        <table>
          <thead>
            <tr>
              <th scope="col">held out</th>
              <th scope="col">clips</th>
              ${names.map((name) => html`<th scope="col">${metricTitle[name]}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${folds.map(
              ({ name, summary, count }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td class="mono">${formatCount(count)}</td>
                  ${names.map((metric) => html`<td class="mono">${formatMetric(metric, summary[metric])}</td>`)}
                </tr>`,
            )}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">pooled</th>
              <td class="mono">${formatCount(folds.reduce((sum, { count }) => sum + count, 0))}</td>
              ${names.map((metric) => html`<td class="mono">${formatMetric(metric, pooled[metric])}</td>`)}
            </tr>
          </tfoot>
        </table>
      </div>
      <figure-frame heading="All folds together" file-name="cross-validation-confusion">
        <confusion-matrix .labels=${classes} .counts=${rowsOf(confusion, classes.length)}></confusion-matrix>
      </figure-frame>`;
  }

  async #start(): Promise<void> {
    const { request, source } = this.training;
    if (!request || source === null) return;
    const { target } = request;
    this.isBusy = true;
    this.result = null;
    this.result = await this.training.run('Cross-validating…', (playground) =>
      playground.crossValidate({
        ...this.state.draft.config,
        extraction: source,
        groups: this.groups,
        ...(target ? { target } : {}),
        ...(this.groups === 'none' ? { folds: this.folds } : {}),
      }),
    );
    this.isBusy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'cross-validation-panel': CrossValidationPanel;
  }
}
