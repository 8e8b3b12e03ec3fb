import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Utterance } from '../../../dataset/utterance.ts';
import type { DatasetStatus } from '../../../engine/protocol.ts';
import '../../elements/data-table.ts';
import type { TableColumn } from '../../elements/data-table.ts';
import { valueOf } from '../../event-target.ts';
import { formatBytes, formatCount, formatCounted, formatDuration } from '../../format.ts';
import { controls } from '../../styles/controls.ts';

/** What the rows have to be; empty lets all through. */
export interface ClipFilter {
  readonly label: string;
  readonly speaker: string;
}

const columns: readonly TableColumn<Utterance>[] = [
  {
    key: 'path',
    title: 'File',
    width: 'minmax(17rem, 1fr)',
    cell: ({ path }) => html`<span title=${path}>${path}</span>`,
    sortValue: ({ path }) => path,
  },
  {
    key: 'label',
    title: 'Label',
    width: '9rem',
    cell: ({ label }) => label ?? '–',
    sortValue: ({ label }) => label,
  },
  {
    key: 'speaker',
    title: 'Speaker',
    width: '8rem',
    cell: ({ speaker }) => speaker ?? '–',
    sortValue: ({ speaker }) => speaker,
  },
  {
    key: 'duration',
    title: 'Length',
    width: '7rem',
    align: 'end',
    cell: ({ durationSec }) => (durationSec === null ? '–' : formatDuration(durationSec)),
    sortValue: ({ durationSec }) => durationSec,
  },
  {
    key: 'size',
    title: 'Size',
    width: '6.5rem',
    align: 'end',
    cell: ({ sizeBytes }) => formatBytes(sizeBytes),
    sortValue: ({ sizeBytes }) => sizeBytes,
  },
];

const splitColumn: TableColumn<Utterance> = {
  key: 'split',
  title: 'Split',
  width: '7rem',
  cell: ({ split }) => split ?? '–',
  sortValue: ({ split }) => split,
};

/** Every clip of a dataset, to be searched; tells the chosen label and speaker by `filter-chosen`. */
@customElement('clip-table')
export class ClipTable extends LitElement {
  @property({ attribute: false }) of!: DatasetStatus;
  @property({ attribute: false }) utterances: readonly Utterance[] = [];
  @property({ attribute: false }) filter: ClipFilter = { label: '', speaker: '' };
  @state() private search = '';

  static override styles = [
    controls,
    css`
      .filters {
        display: grid;
        grid-template-columns: minmax(10rem, 2fr) minmax(8rem, 1fr) minmax(8rem, 1fr);
        gap: 0.75rem;
        align-items: end;
        margin-block: 0.75rem;
      }
      .filters label > * {
        inline-size: 100%;
      }
      @media (max-width: 34rem) {
        .filters {
          grid-template-columns: 1fr 1fr;
        }
        .filters label:first-child {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  #filtered(): readonly Utterance[] {
    const { label: wantedLabel, speaker: wantedSpeaker } = this.filter;
    const needle = this.search.trim().toLocaleLowerCase();
    if (needle === '' && wantedLabel === '' && wantedSpeaker === '') return this.utterances;
    return this.utterances.filter(
      ({ path, label, speaker }) =>
        (wantedLabel === '' || label === wantedLabel) &&
        (wantedSpeaker === '' || speaker === wantedSpeaker) &&
        (needle === '' || path.toLocaleLowerCase().includes(needle)),
    );
  }

  override render(): TemplateResult {
    const { of: dataset, filter } = this;
    const rows = this.#filtered();
    const isFiltered =
      rows.length !== this.utterances.length || filter.label + filter.speaker + this.search !== '';
    const hasSplit = this.utterances.some(({ split }) => split !== null);
    const select = (title: string, value: string, names: readonly string[], set: (name: string) => void) =>
      html`<label class="field"
        >${title}
        <select @change=${(event: Event) => set(valueOf(event))}>
          <option value="" ?selected=${value === ''}>all</option>
          ${names.map((name) => html`<option value=${name} ?selected=${name === value}>${name}</option>`)}
        </select>
      </label>`;
    return html`<section class="panel" aria-labelledby="clips">
      <div class="row spread">
        <h2 id="clips">Clips</h2>
        <p class="small quiet" role="status">
          ${isFiltered ? `${formatCount(rows.length)} of ${formatCounted(this.utterances.length, 'clip')}` : ''}
          ${
            isFiltered
              ? html`<button type="button" class="plain small" @click=${this.#showAll}>Show all</button>`
              : ''
          }
        </p>
      </div>
      <div class="filters">
        <label class="field"
          >Search file names
          <input
            type="search"
            .value=${this.search}
            @input=${(event: Event) => (this.search = valueOf(event))}
          />
        </label>
        ${select('Label', filter.label, dataset.classes, (label) => this.#choose({ ...filter, label }))}
        ${select('Speaker', filter.speaker, dataset.speakers, (speaker) => this.#choose({ ...filter, speaker }))}
      </div>
      <data-table
        caption="Clips of ${dataset.name}"
        empty-text="No clip matches."
        .columns=${hasSplit ? [...columns, splitColumn] : columns}
        .rows=${rows}
      ></data-table>
    </section>`;
  }

  #choose(filter: ClipFilter): void {
    this.filter = filter;
    this.dispatchEvent(new CustomEvent('filter-chosen', { detail: filter }));
  }

  #showAll = (): void => {
    this.search = '';
    this.#choose({ label: '', speaker: '' });
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'clip-table': ClipTable;
  }
}
