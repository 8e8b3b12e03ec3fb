import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Utterance } from '../../dataset/utterance.ts';
import type { DatasetStatus } from '../../engine/protocol.ts';
import type { Bar } from '../elements/bar-list.ts';
import '../elements/bar-list.ts';
import { valueOf } from '../event-target.ts';
import { formatAudioTotal, formatCount, formatCounted } from '../format.ts';
import { icons } from '../icons.ts';
import { hrefOf } from '../route.ts';
import { controls } from '../styles/controls.ts';
import type { TrainingModel, TrainingState } from '../training-model.ts';
import './data/clip-table.ts';
import type { ClipFilter } from './data/clip-table.ts';
import './data/corrections-panel.ts';
import './data/reject-list.ts';
import { WiredView } from './wired-view.ts';

/** Counts by name, the most frequent first. */
function countBy(utterances: readonly Utterance[], key: 'label' | 'speaker'): readonly Bar[] {
  const counts = new Map<string, number>();
  for (const utterance of utterances) {
    const name = utterance[key];
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
}

/** The dataset: how much of what, by whom, which files were set aside, and every clip in a table. */
@customElement('dataset-view')
export class DatasetView extends WiredView {
  /** For the corrections; null until training has been looked at. */
  @property({ attribute: false }) training: TrainingModel | null = null;
  @property({ attribute: false }) state: TrainingState | null = null;
  @state() private utterances: readonly Utterance[] = [];
  @state() private filter: ClipFilter = { label: '', speaker: '' };
  /** Status that the rows were asked for with: a relabelled dataset is asked for again. */
  #loadedFor: DatasetStatus | null = null;
  #classes: readonly Bar[] = [];
  #speakers: readonly Bar[] = [];

  static override styles = [
    controls,
    css`
      .columns {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      .next {
        border-color: var(--accent);
      }
      .next > p {
        flex: 1 1 22rem;
      }
    `,
  ];

  protected override willUpdate(_changed: PropertyValues): void {
    const { dataset } = this.model;
    if (dataset && dataset !== this.#loadedFor) {
      this.#loadedFor = dataset;
      void this.#load(dataset);
    }
  }

  async #load(dataset: DatasetStatus): Promise<void> {
    const rows = await this.model.run('Reading the table…', () =>
      this.model.playground.utterances(dataset.id, 0, dataset.clips),
    );
    if (!rows || this.#loadedFor !== dataset) return;
    this.#classes = countBy(rows, 'label');
    this.#speakers = countBy(rows, 'speaker');
    this.utterances = rows;
  }

  override render(): TemplateResult {
    const { dataset } = this.model;
    return dataset ? this.#full(dataset) : this.#empty();
  }

  #empty(): TemplateResult {
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>No recordings yet</h1>
          <p>
            Drop a folder of audio anywhere on this page. It is read here, on this computer, and never sent.
          </p>
        </div>
      </header>
      <div class="row">${this.#openButtons('primary')}</div>
    </div>`;
  }

  #openButtons(kind: string): TemplateResult {
    return html`
      <button type="button" class=${kind} @click=${() => this.request('choose-folder')}>
        ${icons.folder} Choose folder
      </button>
      <button type="button" @click=${() => this.request('choose-files')}>${icons.file} Choose files</button>
      <button type="button" @click=${() => this.request('open-demo')}>${icons.spark} Try the demo</button>
    `;
  }

  #full(dataset: DatasetStatus): TemplateResult {
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>${dataset.name}</h1>
          <p>
            ${formatCounted(dataset.clips, 'clip')} can be
            used${dataset.rejects.length > 0 ? html`, <a href="#rejects" @click=${this.#showRejects}>${formatCounted(dataset.rejects.length, 'file')} set aside</a>` : ', no file was set aside'}.
          </p>
        </div>
        ${this.#otherDatasets(dataset)}
      </header>
      ${dataset.filesAvailable ? this.#next(dataset) : this.#away(dataset)}
      ${dataset.notices.map((notice) => html`<p class="note signal">${notice}</p>`)}

      <section class="panel" aria-label="Summary">
        <dl class="readings">
          <div>
            <dt>clips</dt>
            <dd>${formatCount(dataset.clips)}</dd>
          </div>
          <div>
            <dt>of audio</dt>
            <dd>${formatAudioTotal(dataset.hours)}</dd>
          </div>
          <div>
            <dt>${dataset.classes.length === 1 ? 'class' : 'classes'}</dt>
            <dd>${formatCount(dataset.classes.length)}</dd>
          </div>
          <div>
            <dt>${dataset.speakers.length === 1 ? 'speaker' : 'speakers'}</dt>
            <dd>${dataset.speakers.length === 0 ? 'unknown' : formatCount(dataset.speakers.length)}</dd>
          </div>
        </dl>
      </section>

      <div class="columns">
        <section class="panel stack" aria-labelledby="classes">
          <h2 id="classes">Classes</h2>
          ${this.#labelScheme(dataset)}
          <bar-list
            .bars=${this.#classes}
            @bar-chosen=${(event: CustomEvent<string>) => (this.filter = { ...this.filter, label: event.detail })}
          ></bar-list>
        </section>
        <section class="panel stack" aria-labelledby="speakers">
          <h2 id="speakers">Speakers</h2>
          ${
            dataset.speakers.length === 0
              ? html`<p class="quiet">
                  Neither the file names nor a CSV say who speaks. A column “speaker” in the CSV makes
                  speaker-disjoint splits possible.
                </p>`
              : html`<bar-list
                  .bars=${this.#speakers}
                  @bar-chosen=${(event: CustomEvent<string>) => (this.filter = { ...this.filter, speaker: event.detail })}
                ></bar-list>`
          }
        </section>
      </div>
      ${
        this.training && this.state && this.training.correctionsOf(dataset.id).length > 0
          ? html`<corrections-panel
              of=${dataset.id}
              .training=${this.training}
              .state=${this.state}
            ></corrections-panel>`
          : ''
      }
      <clip-table
        .of=${dataset}
        .utterances=${this.utterances}
        .filter=${this.filter}
        @filter-chosen=${(event: CustomEvent<ClipFilter>) => (this.filter = event.detail)}
      ></clip-table>
      ${
        dataset.rejects.length === 0
          ? ''
          : html`<reject-list id="rejects" .rejects=${dataset.rejects}></reject-list>`
      }
    </div>`;
  }

  #otherDatasets(dataset: DatasetStatus): TemplateResult {
    const { datasets } = this.app;
    return html`<div class="row">
      ${
        datasets.length > 1
          ? html`<label class="field"
              >Dataset
              <select @change=${(event: Event) => this.model.selectDataset(valueOf(event))}>
                ${datasets.map(
                  ({ id, name, clips }) =>
                    html`<option value=${id} ?selected=${id === dataset.id}>
                      ${name} (${formatCount(clips)})
                    </option>`,
                )}
              </select>
            </label>`
          : ''
      }
      <button type="button" @click=${() => this.request('choose-folder')}>
        ${icons.folder} Open another
      </button>
    </div>`;
  }

  #next(dataset: DatasetStatus): TemplateResult {
    const { encoder } = this.model;
    return html`<section class="panel next row spread" aria-label="Next step">
      <p>
        <strong>Ready.</strong> ${formatCounted(dataset.clips, 'clip')} with
        <a href=${hrefOf('encoder')}>${encoder?.name ?? 'the built-in encoder'}</a>, last layer averaged over
        time unless you <a href=${hrefOf('extract')}>choose otherwise</a>.
      </p>
      <div class="row">
        <a class="button" href=${hrefOf('extract')}>Settings</a>
        <button type="button" class="primary" ?disabled=${dataset.clips === 0} @click=${this.#start}>
          ${icons.play} Start extraction
        </button>
      </div>
    </section>`;
  }

  #away(dataset: DatasetStatus): TemplateResult {
    return html`<section class="panel next row spread" aria-label="Next step">
      <p>
        The list is remembered, the recordings themselves are not at hand. <strong>Reopen the folder</strong>,
        or drop the same folder again.
      </p>
      <button type="button" class="primary" @click=${() => this.model.reopenFolder(dataset.id)}>
        ${icons.folder} Reopen folder
      </button>
    </section>`;
  }

  #labelScheme(dataset: DatasetStatus): TemplateResult {
    const { labelScheme } = dataset;
    const known = this.app.labelSchemes.some(({ id }) => id === labelScheme.id);
    const example = this.app.labelSchemes.find(({ id }) => id === labelScheme.id)?.example;
    return html`<label class="field"
        >Labels come from
        <select @change=${(event: Event) => this.model.useLabelScheme(dataset.id, valueOf(event))}>
          ${known ? '' : html`<option value=${labelScheme.id} selected>${labelScheme.title}</option>`}
          ${this.app.labelSchemes.map(
            ({ id, title }) => html`<option value=${id} ?selected=${id === labelScheme.id}>${title}</option>`,
          )}
        </select>
      </label>
      <p class="small quiet">
        ${labelScheme.detected ? 'Detected from the files; change it if it is wrong.' : 'Chosen by you.'}
        ${example ? html`<span class="mono">${example}</span>` : ''}
      </p>`;
  }

  #showRejects(event: Event): void {
    event.preventDefault();
    this.renderRoot.querySelector('#rejects')?.scrollIntoView();
  }

  async #start(): Promise<void> {
    const id = await this.model.startExtraction();
    if (id !== null) this.goTo('extract', id);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'dataset-view': DatasetView;
  }
}
