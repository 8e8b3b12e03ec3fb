import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { TrainingPreview } from '../../engine/training-protocol.ts';
import type { TrainingConfig } from '../../training/config.ts';
import '../charts/figure-frame.ts';
import '../charts/line-chart.ts';
import '../elements/choice-group.ts';
import { numberField } from '../elements/number-field.ts';
import '../elements/split-counts.ts';
import { inputOf, valueOf } from '../event-target.ts';
import { formatCount } from '../format.ts';
import { icons } from '../icons.ts';
import { splitWords } from '../run-words.ts';
import { bench } from '../styles/bench.ts';
import { controls } from '../styles/controls.ts';
import { configInWords, defaultTrainingDraft, formatRate, metricTitle } from '../training-draft.ts';
import { canRead, defaultHeadFor, headFields } from '../training-fields/head-fields.ts';
import { lossFields } from '../training-fields/loss-fields.ts';
import { optimizerFields } from '../training-fields/optimizer-fields.ts';
import { samplerFields } from '../training-fields/sampler-fields.ts';
import { scheduleFields } from '../training-fields/schedule-fields.ts';
import './train/cross-validation-panel.ts';
import './train/prove-panel.ts';
import './train/source-panel.ts';
import { TrainingView } from './training-view.ts';

const targets = [
  { value: 'label', title: 'Label', help: 'emotion, digit, word…' },
  { value: 'speaker', title: 'Speaker', help: 'who it is' },
];

const splits = [
  { value: 'auto', title: 'Automatic', help: 'the CSV’s, else by speakers, else stratified' },
  { value: 'speakers', title: 'By speakers', help: 'nobody is in two parts' },
  { value: 'stratified', title: 'Stratified', help: 'classes alike in all parts' },
  { value: 'csv', title: 'As the CSV says', help: 'its column split' },
];

/** Time that typing may pause before the engine is asked what the settings would do. */
const previewAfterMs = 150;

/** What to learn from which embeddings, and how; the engine tells beforehand what that would be. */
@customElement('train-view')
export class TrainView extends TrainingView {
  @state() private preview: TrainingPreview | null = null;
  /** Whether the last look at the embeddings failed; the notice says why. */
  @state() private couldNotLook = false;
  #asked = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [controls, bench];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override updated(_changed: PropertyValues): void {
    const { request, extraction } = this.training;
    const file = this.state.file;
    const key = request
      ? JSON.stringify([request, file && [file.name, file.size, file.lastModified], extraction?.done])
      : '';
    if (key === this.#asked) return;
    this.#asked = key;
    clearTimeout(this.#timer);
    if (request) this.#timer = setTimeout(() => void this.#look(key), previewAfterMs);
  }

  async #look(key: string): Promise<void> {
    const { request } = this.training;
    if (!request) return;
    const preview = await this.training.run('Looking at the split…', (playground) =>
      playground.previewTraining(request),
    );
    if (key !== this.#asked) return;
    this.couldNotLook = preview === null;
    const isNewShape = preview !== null && preview.layout.kind !== this.preview?.layout.kind;
    this.preview = preview;
    // Embeddings of another shape: the head that can read them, before the person meets a refusal.
    if (isNewShape && !canRead(this.state.draft.config.head.kind, preview.layout.kind))
      this.#configure({ head: defaultHeadFor(preview.layout.kind) });
  }

  #configure = (change: Partial<TrainingConfig>): void => {
    this.training.changeDraft({ config: { ...this.state.draft.config, ...change } });
  };

  override render(): TemplateResult {
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>Train</h1>
          <p>
            A classifier on the embeddings, trained here. Every epoch leaves a checkpoint; a run that is cut
            off goes on to the bit.
          </p>
        </div>
      </header>
      ${
        this.training.source === null
          ? html`<source-panel
              .model=${this.model}
              .app=${this.app}
              .training=${this.training}
              .state=${this.state}
            ></source-panel>`
          : this.#bench()
      }
    </div>`;
  }

  #bench(): TemplateResult {
    const { draft } = this.state;
    const { config } = draft;
    return html`<div class="bench">
      ${this.#outcome()}
      <div class="view">
        <source-panel
          .model=${this.model}
          .app=${this.app}
          .training=${this.training}
          .state=${this.state}
        ></source-panel>
        <section class="panel stack" aria-labelledby="split">
          <h2 id="split">What to learn, and what to keep for judging</h2>
          <choice-group
            legend="Predict the"
            .choices=${targets}
            .value=${draft.target}
            @choose=${(event: CustomEvent<'label' | 'speaker'>) =>
              this.training.changeDraft({ target: event.detail })}
          ></choice-group>
          <choice-group
            legend="Split"
            .choices=${splits}
            .value=${draft.split}
            @choose=${(event: CustomEvent<typeof draft.split>) =>
              this.training.changeDraft({ split: event.detail })}
          ></choice-group>
          ${this.#shares()}
          ${
            this.preview
              ? html`<p class="small quiet">Split: ${splitWords(this.preview.split)}.</p>
                  <split-counts .classes=${this.preview.classes}></split-counts>`
              : ''
          }
        </section>
        <section class="panel stack" aria-labelledby="head">
          <h2 id="head">Head</h2>
          ${headFields(config, this.preview?.layout ?? null, this.#configure)}
          <label class="check"
            ><input
              type="checkbox"
              .checked=${config.standardise}
              @change=${(event: Event) => this.#configure({ standardise: inputOf(event).checked })}
            />
            Standardise the embeddings (fitted on the training part only, saved with the model)
          </label>
        </section>
        ${this.#updates(config)} ${this.#more(config)}
        <prove-panel
          .model=${this.model}
          .app=${this.app}
          .training=${this.training}
          .state=${this.state}
        ></prove-panel>
        <cross-validation-panel
          .groupings=${this.preview?.groupings ?? []}
          .model=${this.model}
          .app=${this.app}
          .training=${this.training}
          .state=${this.state}
        ></cross-validation-panel>
      </div>
    </div>`;
  }

  #shares(): TemplateResult | string {
    const { split, validationShare, testShare } = this.state.draft;
    if (split === 'auto' || split === 'csv') return '';
    const percent = (share: number): number => Math.round(1000 * share) / 10;
    return html`<div class="row">
      ${numberField({
        label: 'Validation, percent',
        value: percent(validationShare),
        min: 0,
        max: 90,
        change: (value) => this.training.changeDraft({ validationShare: (value ?? 15) / 100 }),
      })}
      ${numberField({
        label: 'Test, percent',
        value: percent(testShare),
        min: 0,
        max: 90,
        change: (value) => this.training.changeDraft({ testShare: (value ?? 15) / 100 }),
      })}
    </div>`;
  }

  #updates(config: TrainingConfig): TemplateResult {
    const points = this.preview?.learningRate ?? [];
    return html`<section class="panel stack" aria-labelledby="updates">
      <h2 id="updates">Optimizer and schedule</h2>
      <div class="row">
        ${numberField({
          label: 'Epochs',
          value: config.epochs,
          min: 1,
          step: 1,
          change: (epochs) => this.#configure({ epochs: epochs ?? 30 }),
        })}
        ${numberField({
          label: 'Batch size',
          value: config.batchSize,
          min: 1,
          step: 1,
          change: (batchSize) => this.#configure({ batchSize: batchSize ?? 64 }),
        })}
        ${numberField({
          label: 'Seed',
          value: config.seed,
          step: 1,
          change: (seed) => this.#configure({ seed: seed ?? 1 }),
        })}
      </div>
      ${optimizerFields(config, this.#configure)} ${scheduleFields(config, this.#configure)}
      ${
        points.length > 1
          ? html`<line-chart
              label="Learning rate ahead, by step"
              .height=${170}
              .series=${[
                { name: 'learning rate', x: points.map(([step]) => step), y: points.map(([, rate]) => rate) },
              ]}
              .x=${{ label: 'step' }}
              .y=${{ label: 'rate', format: formatRate }}
            ></line-chart>`
          : ''
      }
    </section>`;
  }

  #more(config: TrainingConfig): TemplateResult {
    const classes = this.preview?.classes.map(({ name }) => name) ?? [];
    return html`<details class="panel">
      <summary>Loss, sampler and checkpoints</summary>
      <div class="stack">
        ${lossFields(config, this.#configure)}
        <h3>Sampler</h3>
        ${samplerFields(config, classes, this.#configure)}
        <h3>Checkpoints</h3>
        <div class="row">
          <label class="field"
            >Best is chosen by validation
            <select
              @change=${(event: Event) =>
                this.#configure({ selectBy: valueOf(event) as TrainingConfig['selectBy'] })}
            >
              ${Object.entries(metricTitle).map(
                ([name, title]) =>
                  html`<option value=${name} ?selected=${name === config.selectBy}>${title}</option>`,
              )}
            </select>
          </label>
          ${numberField({
            label: 'Also every, steps',
            value: config.checkpointEverySteps,
            min: 1,
            step: 1,
            placeholder: 'epochs only',
            change: (steps) => this.#configure({ checkpointEverySteps: steps }),
          })}
          ${numberField({
            label: 'Keep the newest, and the best',
            value: this.state.draft.retention.kind === 'last' ? this.state.draft.retention.count : null,
            min: 1,
            step: 1,
            placeholder: 'all',
            change: (count) =>
              this.training.changeDraft({
                retention: count === null ? { kind: 'all' } : { kind: 'last', count },
              }),
          })}
        </div>
      </div>
    </details>`;
  }

  #outcome(): TemplateResult {
    const { draft } = this.state;
    const { preview } = this;
    const isDefault = JSON.stringify(draft) === JSON.stringify(defaultTrainingDraft);
    return html`<section class="panel outcome stack" aria-labelledby="outcome">
      <h2 id="outcome">The run</h2>
      <p class="small">${configInWords(draft.config)}</p>
      ${
        preview
          ? html`<dl class="facts small">
              <dt>Classes</dt>
              <dd>${formatCount(preview.classes.length)}</dd>
              <dt>Updates</dt>
              <dd>${formatCount(preview.totalSteps)}, ${formatCount(preview.stepsPerEpoch)} an epoch</dd>
              <dt>Device</dt>
              <dd>${this.app.device?.backend ?? 'looking…'}</dd>
            </dl>`
          : this.#looking()
      }
      <label class="field"
        >Name
        <input
          type="text"
          placeholder="given by itself"
          .value=${draft.name}
          @change=${(event: Event) => this.training.changeDraft({ name: valueOf(event) })}
        />
      </label>
      ${preview?.problems.map((problem) => html`<p class="note bad small">${problem}</p>`) ?? ''}
      <button
        type="button"
        class="primary large"
        ?disabled=${(preview?.problems.length ?? 0) > 0}
        @click=${this.#start}
      >
        ${icons.play} Start training
      </button>
      ${
        isDefault
          ? ''
          : html`<button
              type="button"
              class="plain"
              @click=${() => this.training.changeDraft(defaultTrainingDraft)}
            >
              Back to the defaults
            </button>`
      }
    </section>`;
  }

  #looking(): TemplateResult {
    if (!this.couldNotLook) return html`<p class="small quiet">Looking at the embeddings…</p>`;
    return html`<p class="note bad small">The embeddings could not be looked at; the notice says why.</p>
      <button type="button" @click=${this.#lookAgain}>Look again</button>`;
  }

  #lookAgain = (): void => {
    this.couldNotLook = false;
    void this.#look(this.#asked);
  };

  async #start(): Promise<void> {
    const id = await this.training.train();
    if (id !== null) this.goTo('runs', id);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'train-view': TrainView;
  }
}
