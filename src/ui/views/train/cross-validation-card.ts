import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { CrossValidationResult, CrossValidationStatus } from '../../../engine/training-protocol.ts';
import '../../charts/confusion-matrix.ts';
import '../../charts/figure-frame.ts';
import '../../elements/confirm-dialog.ts';
import type { ConfirmDialog } from '../../elements/confirm-dialog.ts';
import '../../elements/progress-ruler.ts';
import { formatCount, formatWhen } from '../../format.ts';
import { icons } from '../../icons.ts';
import { fileStem, foldWords, runStateTone, runStateWords } from '../../run-words.ts';
import { controls } from '../../styles/controls.ts';
import { figureTable } from '../../styles/table.ts';
import { configInWords, formatMetric, metricTitle } from '../../training-draft.ts';
import type { TrainingModel } from '../../training-model.ts';
import { rowsOf } from '../run/evaluation-words.ts';

const metrics = ['accuracy', 'uar', 'macroF1', 'eer', 'loss'] as const;

/** A cross-validation as it is kept: how far it is, its folds, and all of them together when the last is done. */
@customElement('cross-validation-card')
export class CrossValidationCard extends LitElement {
  @property({ attribute: false }) training!: TrainingModel;
  @property({ attribute: false }) crossValidation!: CrossValidationStatus;
  @property({ type: Boolean }) isOpen = false;
  @state() private result: CrossValidationResult | null = null;
  @query('confirm-dialog') private confirm!: ConfirmDialog;
  #asked = false;

  static override styles = [
    controls,
    figureTable,
    css`
      :host {
        display: block;
        border-block-start: 1px solid var(--line);
        padding-block-start: 0.75rem;
      }
      .scroll {
        overflow: auto;
        max-block-size: 22rem;
      }
      th,
      td {
        text-align: end;
        white-space: nowrap;
      }
      th:first-child {
        text-align: start;
      }
      tfoot {
        font-weight: 650;
      }
    `,
  ];

  protected override updated(_changed: PropertyValues): void {
    if (this.isOpen) void this.#load();
  }

  /** The result of a finished one is computed from its folds when somebody looks. */
  async #load(): Promise<void> {
    const { id, state: how } = this.crossValidation;
    if (how !== 'finished' || this.#asked) return;
    this.#asked = true;
    this.result = await this.training.run('Pooling the folds…', (playground) =>
      playground.resumeCrossValidation(id),
    );
  }

  override render(): TemplateResult {
    const { name, state: how, target, config, folds, createdAt, notice } = this.crossValidation;
    const done = folds.filter(({ summary }) => summary !== null).length;
    const isActive = how === 'running' || how === 'queued';
    return html`<article class="stack" aria-label="Cross-validation of ${name}">
      <div class="spread">
        <div>
          <strong>${name}</strong>, ${target}: ${foldWords(this.crossValidation)}
          <div class="small quiet">
            ${configInWords(config)} · ${formatCount(config.epochs)} epochs · ${formatWhen(createdAt)}
          </div>
        </div>
        <span class="tag ${runStateTone[how]}">${runStateWords[how]}</span>
      </div>
      ${notice === null ? '' : html`<p class="note bad small">${notice}</p>`}
      ${
        how === 'finished'
          ? ''
          : html`<div>
              <p class="small quiet" role="status">
                ${formatCount(done)} of ${formatCount(folds.length)} folds done
              </p>
              <progress-ruler
                compact
                label="Folds done"
                .done=${done}
                .total=${folds.length}
              ></progress-ruler>
            </div>`
      }
      <div class="row">${this.#buttons(isActive)}</div>
      ${
        done === 0
          ? ''
          : html`<details
              ?open=${this.isOpen}
              @toggle=${(event: Event) => {
                this.isOpen = event.target instanceof HTMLDetailsElement && event.target.open;
              }}
            >
              <summary>Folds</summary>
              <div class="stack">${this.#table()}</div>
            </details>`
      }
      <confirm-dialog></confirm-dialog>
    </article>`;
  }

  #buttons(isActive: boolean): TemplateResult | string {
    const { id, state: how, writable } = this.crossValidation;
    if (!writable) return '';
    if (isActive)
      return html`<button
        type="button"
        @click=${() => this.training.run('Pausing…', (playground) => playground.pauseCrossValidation(id))}
      >
        ${icons.pause} Pause
      </button>`;
    return html`${
        how === 'finished'
          ? ''
          : html`<button type="button" @click=${this.#resume}>${icons.play} Go on</button>`
      }<button type="button" class="plain" @click=${this.#remove}>${icons.trash} Remove</button>`;
  }

  #table(): TemplateResult {
    const { folds, name } = this.crossValidation;
    const { result } = this;
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Folds">
        <table>
          <thead>
            <tr>
              <th scope="col">held out</th>
              <th scope="col">clips</th>
              ${metrics.map((metric) => html`<th scope="col">${metricTitle[metric]}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${folds.map(
              (fold) =>
                html`<tr>
                  <th scope="row">${fold.name}</th>
                  <td class="mono">${formatCount(fold.count)}</td>
                  ${metrics.map(
                    (metric) =>
                      html`<td class="mono">
                        ${fold.summary ? formatMetric(metric, fold.summary[metric]) : '…'}
                      </td>`,
                  )}
                </tr>`,
            )}
          </tbody>
          ${
            result
              ? html`<tfoot>
                  <tr>
                    <th scope="row">pooled</th>
                    <td class="mono">${formatCount(folds.reduce((sum, { count }) => sum + count, 0))}</td>
                    ${metrics.map(
                      (metric) => html`<td class="mono">${formatMetric(metric, result.pooled[metric])}</td>`,
                    )}
                  </tr>
                </tfoot>`
              : ''
          }
        </table>
      </div>
      ${
        result
          ? html`<figure-frame
              heading="All folds together"
              file-name="cross-validation-${fileStem(name)}-confusion"
            >
              <confusion-matrix
                .labels=${result.classes}
                .counts=${rowsOf(result.confusion, result.classes.length)}
              ></confusion-matrix>
            </figure-frame>`
          : ''
      }`;
  }

  #resume = async (): Promise<void> => {
    const { id } = this.crossValidation;
    await this.training.crossValidate((playground) => playground.resumeCrossValidation(id));
  };

  #remove = async (): Promise<void> => {
    const { id, name } = this.crossValidation;
    const isSure = await this.confirm.ask({
      title: 'Remove this cross-validation?',
      text: `The folds of “${name}” that are done are deleted. The embeddings stay.`,
      confirm: 'Remove',
    });
    if (isSure) await this.training.run('Removing…', (playground) => playground.removeCrossValidation(id));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'cross-validation-card': CrossValidationCard;
  }
}
