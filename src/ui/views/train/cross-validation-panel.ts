import { css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { CrossValidationRequest, TrainingPreview } from '../../../engine/training-protocol.ts';
import '../../elements/choice-group.ts';
import { numberField } from '../../elements/number-field.ts';
import { valueOf } from '../../event-target.ts';
import { formatCounted } from '../../format.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { TrainingView } from '../training-view.ts';
import './cross-validation-card.ts';

type Groups = CrossValidationRequest['groups'];

const ways = [
  { value: 'leave-one-out', title: 'Leave one out', help: 'each group is judged by the others' },
  { value: 'folds', title: 'Folds', help: 'every clip is judged once' },
];

const PATTERN = 'pattern';

/** Judges these settings on all the data: every clip is predicted by a model that never saw it. */
@customElement('cross-validation-panel')
export class CrossValidationPanel extends TrainingView {
  /** What these clips can be grouped by. */
  @property({ attribute: false }) groupings: TrainingPreview['groupings'] = [];
  @state() private way = 'leave-one-out';
  /** JSON of a grouping, `none`, or {@link PATTERN}; what is not offered falls back to the first choice. */
  @state() private chosen = '';
  @state() private pattern = '';
  @state() private folds = 5;
  @state() private isBusy = false;

  static override styles = [
    controls,
    css`
      .pattern {
        flex: 1 1 12rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const kept = this.state.crossValidations;
    const isFolds = this.way === 'folds';
    const options = this.#options();
    const chosen = this.#chosenOf(options);
    return html`<section class="panel stack" aria-labelledby="cross">
      <h2 id="cross">Cross-validation</h2>
      <choice-group
        legend="Hold out"
        .choices=${ways}
        .value=${this.way}
        @choose=${(event: CustomEvent<string>) => (this.way = event.detail)}
      ></choice-group>
      <div class="row">
        <label class="field"
          >${isFolds ? 'Keep together' : 'Leave out one'}
          <select @change=${(event: Event) => (this.chosen = valueOf(event))}>
            ${options.map(
              ({ value, title }) =>
                html`<option value=${value} ?selected=${value === chosen}>${title}</option>`,
            )}
          </select>
        </label>
        ${
          chosen === PATTERN
            ? html`<label class="field pattern"
                >Regular expression on the path
                <input
                  type="text"
                  class="mono"
                  spellcheck="false"
                  placeholder="_(\\d+)_"
                  .value=${this.pattern}
                  @input=${(event: Event) => (this.pattern = valueOf(event))}
                />
              </label>`
            : ''
        }
        ${
          isFolds
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
      </div>
      ${
        chosen === PATTERN
          ? html`<p class="small quiet">
              The group is what the first brackets match, or the whole match where there are none.
            </p>`
          : ''
      }
      <div class="row">
        <button
          type="button"
          ?disabled=${this.isBusy || (chosen === PATTERN && this.pattern === '')}
          @click=${() => this.#start(this.#groupsOf(chosen))}
        >
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

  #options(): readonly { readonly value: string; readonly title: string }[] {
    const groups = this.groupings.map(({ grouping, title, groups: count, examples }) => ({
      value: JSON.stringify(grouping),
      title: `${title} (${formatCounted(count, 'group')}: ${examples.join(', ')}${count > examples.length ? '…' : ''})`,
    }));
    return [
      ...(this.way === 'folds' ? [{ value: 'none', title: 'nothing: stratified by class' }] : []),
      ...groups,
      { value: PATTERN, title: 'a pattern of the path…' },
    ];
  }

  #chosenOf(options: readonly { readonly value: string }[]): string {
    const isOffered = options.some(({ value }) => value === this.chosen);
    return isOffered ? this.chosen : (options[0]?.value ?? PATTERN);
  }

  #groupsOf(chosen: string): Groups {
    if (chosen === 'none') return 'none';
    return chosen === PATTERN ? { pattern: this.pattern } : (JSON.parse(chosen) as Groups);
  }

  async #start(groups: Groups): Promise<void> {
    const { request, source } = this.training;
    if (!request || source === null) return;
    const { target, layer } = request;
    this.isBusy = true;
    await this.training.crossValidate((playground) =>
      playground.crossValidate({
        ...this.state.draft.config,
        extraction: source,
        groups,
        ...(target ? { target } : {}),
        ...(layer === undefined ? {} : { layer }),
        ...(this.way === 'folds' ? { folds: this.folds } : {}),
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
