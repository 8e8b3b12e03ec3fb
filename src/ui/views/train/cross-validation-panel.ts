import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import '../../elements/choice-group.ts';
import { numberField } from '../../elements/number-field.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { TrainingView } from '../training-view.ts';
import './cross-validation-card.ts';

const ways = [
  { value: 'speaker', title: 'Leave one speaker out', help: 'each speaker is judged by the others' },
  { value: 'none', title: 'Folds', help: 'every clip is judged once' },
];

/** Judges these settings on all the data: every clip is predicted by a model that never saw it. */
@customElement('cross-validation-panel')
export class CrossValidationPanel extends TrainingView {
  @state() private groups: 'speaker' | 'none' = 'speaker';
  @state() private folds = 5;
  @state() private isBusy = false;

  static override styles = [controls];

  override render(): TemplateResult {
    const kept = this.state.crossValidations;
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
        kept.length === 0
          ? ''
          : html`<p class="small quiet">
                Kept fold by fold: after a reload it goes on with the next one, to the same result.
              </p>
              ${repeat(
                kept,
                ({ id }) => id,
                (each, index) =>
                  html`<cross-validation-card
                    .training=${this.training}
                    .crossValidation=${each}
                    .isOpen=${index === 0}
                  ></cross-validation-card>`,
              )}`
      }
    </section>`;
  }

  async #start(): Promise<void> {
    const { request, source } = this.training;
    if (!request || source === null) return;
    const { target, layer } = request;
    this.isBusy = true;
    await this.training.crossValidate((playground) =>
      playground.crossValidate({
        ...this.state.draft.config,
        extraction: source,
        groups: this.groups,
        ...(target ? { target } : {}),
        ...(layer === undefined ? {} : { layer }),
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
