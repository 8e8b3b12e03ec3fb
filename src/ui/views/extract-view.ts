import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Pooling } from '../../encoder/pooling.ts';
import type { DatasetStatus, EncoderStatus } from '../../engine/protocol.ts';
import '../elements/augmentation-fields.ts';
import '../elements/choice-group.ts';
import '../elements/job-card.ts';
import '../elements/layer-picker.ts';
import {
  defaultDraft,
  expectedResult,
  problemsOf,
  settingsDifference,
  settingsOf,
} from '../extraction-draft.ts';
import { formatBytes, formatCount, formatCounted } from '../format.ts';
import { icons } from '../icons.ts';
import { newestFirst } from '../job-words.ts';
import { hrefOf } from '../route.ts';
import { controls } from '../styles/controls.ts';
import { bench } from '../styles/bench.ts';
import { WiredView } from './wired-view.ts';
import { inputOf } from '../event-target.ts';

const poolings = [
  { value: 'mean', title: 'Mean', help: 'one row a clip' },
  { value: 'mean+std', title: 'Mean + deviation', help: 'one row, twice as wide; often better for emotion' },
  { value: 'none', title: 'Every frame', help: '50 rows a second; large' },
];

const longClipChoices = [
  { value: 'window', title: 'Cut into windows', help: 'all of the clip counts; frames are pooled together' },
  { value: 'crop', title: 'Keep the beginning', help: 'the rest is left out' },
];

/** What to keep of each clip, what that will give, and every extraction so far. */
@customElement('extract-view')
export class ExtractView extends WiredView {
  static override styles = [
    controls,
    bench,
    css`
      .shape {
        font-family: var(--mono);
        font-size: 1.3rem;
        letter-spacing: -0.03em;
        overflow-wrap: anywhere;
      }
      .cards {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr));
        gap: 0.75rem;
      }
      .changes li::before {
        content: '· ';
      }
    `,
  ];

  override render(): TemplateResult {
    const { dataset, encoder } = this.model;
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>Extract</h1>
          <p>Choose what to keep of every clip. The defaults are sensible: one click is enough.</p>
        </div>
      </header>
      ${dataset && encoder ? this.#bench(dataset, encoder) : this.#missing(dataset)} ${this.#jobs()}
    </div>`;
  }

  #missing(dataset: DatasetStatus | null): TemplateResult {
    return dataset
      ? html`<p class="note">
          An encoder is missing. <a href=${hrefOf('encoder')}>Choose one</a>; the built-in one needs no
          network.
        </p>`
      : html`<div class="stack">
          <p class="note">Recordings come first: drop a folder anywhere on this page.</p>
          <div class="row">
            <button type="button" class="primary" @click=${() => this.request('choose-folder')}>
              ${icons.folder} Choose folder
            </button>
            <button type="button" @click=${() => this.request('open-demo')}>
              ${icons.spark} Try the demo
            </button>
          </div>
        </div>`;
  }

  #bench(dataset: DatasetStatus, encoder: EncoderStatus): TemplateResult {
    const { draft } = this.app;
    const change = this.model.changeDraft.bind(this.model);
    const number = (event: Event): number => inputOf(event).valueAsNumber;
    return html`<div class="bench">
      ${this.#outcome(dataset, encoder)}
      <div class="view">
        <section class="panel stack" aria-labelledby="keep">
          <h2 id="keep">What to keep</h2>
          <layer-picker
            .count=${encoder.layers}
            .value=${draft.layers}
            @layers=${(event: CustomEvent<typeof draft.layers>) => change({ layers: event.detail })}
          ></layer-picker>
          <choice-group
            legend="Pooling over time"
            .choices=${poolings}
            .value=${draft.pooling}
            @choose=${(event: CustomEvent<Pooling>) => change({ pooling: event.detail })}
          ></choice-group>
        </section>

        <section class="panel stack" aria-labelledby="augmentation">
          <h2 id="augmentation">Augmentation</h2>
          <p class="small quiet">
            Beside each clip, changed versions of it can be embedded; their paths end in
            <span class="mono">#aug1</span>, <span class="mono">#aug2</span>… Each clip draws its own values
            from the seed, so a rerun gives the same samples.
          </p>
          <augmentation-fields
            .value=${draft.augmentations}
            @augmentations=${(event: CustomEvent<typeof draft.augmentations>) =>
              change({ augmentations: event.detail })}
          ></augmentation-fields>
        </section>

        <section class="panel stack" aria-labelledby="long">
          <h2 id="long">Long clips and shards</h2>
          <choice-group
            legend="Clips longer than the longest stretch"
            .choices=${longClipChoices}
            .value=${draft.longClips}
            @choose=${(event: CustomEvent<'window' | 'crop'>) => change({ longClips: event.detail })}
          ></choice-group>
          <div class="row">
            <label class="field"
              >Longest stretch, seconds
              <input
                type="number"
                min="0.1"
                max="600"
                step="0.1"
                .valueAsNumber=${draft.maxClipSec}
                @change=${(event: Event) => change({ maxClipSec: number(event) })}
              />
            </label>
            <label class="field"
              >Clips in a shard
              <input
                type="number"
                min="1"
                max="10000"
                step="1"
                .valueAsNumber=${draft.shardSize}
                @change=${(event: Event) => change({ shardSize: number(event) })}
              />
            </label>
            <label class="field"
              >Clips in a batch
              <input
                type="number"
                min="1"
                max="512"
                step="1"
                placeholder="automatic"
                .value=${draft.batchSize === null ? '' : String(draft.batchSize)}
                @change=${(event: Event) => {
                  const batchSize = number(event);
                  change({ batchSize: Number.isNaN(batchSize) ? null : batchSize });
                }}
              />
            </label>
          </div>
          <p class="small quiet">
            Shard and batch size change how the work is carried out, never a number in the result; both may
            change in the middle.
          </p>
        </section>
      </div>
    </div>`;
  }

  #outcome(dataset: DatasetStatus, encoder: EncoderStatus): TemplateResult {
    const { draft, storage } = this.app;
    const problems = problemsOf(draft);
    const settings = settingsOf(draft, encoder);
    const { examples, shape, isEstimate, sizeBytes } = expectedResult(settings, dataset, encoder);
    const isTooLarge = storage !== null && sizeBytes * 1.1 > storage.freeBytes;
    const isDefault = JSON.stringify(draft) === JSON.stringify(defaultDraft);
    return html`<section class="panel outcome stack" aria-labelledby="outcome">
      <h2 id="outcome">What this gives</h2>
      <div>
        <p class="shape">${isEstimate ? '≈ ' : ''}${shape.map(formatCount).join(' × ')}</p>
        <p class="small quiet">
          ${isEstimate ? 'frames' : 'rows'}${shape.length === 3 ? ' × layers' : ''} × numbers, 32-bit floats;
          ${isEstimate ? 'about ' : ''}${formatBytes(sizeBytes)}
        </p>
      </div>
      <dl class="facts small">
        <dt>Clips</dt>
        <dd>
          <a href=${hrefOf('data')}>${dataset.name}</a>,
          ${formatCounted(dataset.clips, 'clip')}${
            examples > dataset.clips ? ` and ${formatCount(examples - dataset.clips)} changed versions` : ''
          }
        </dd>
        <dt>Encoder</dt>
        <dd>
          <a href=${hrefOf('encoder')}>${encoder.name}</a>
          ${encoder.trained ? '' : html`<span class="tag signal">untrained</span>`}
        </dd>
        <dt>Shards</dt>
        <dd>${formatCount(Math.ceil(examples / Math.max(1, draft.shardSize || 1)))}</dd>
        <dt>Disk</dt>
        <dd>${storage ? `${formatBytes(storage.freeBytes)} free` : 'unknown'}</dd>
      </dl>
      ${problems.map((problem) => html`<p class="note bad small">${problem}</p>`)}
      ${
        isTooLarge
          ? html`<p class="note bad small">
              This does not fit: it needs about ${formatBytes(sizeBytes * 1.1)}. Keep fewer layers, pool over
              time, or remove finished extractions.
            </p>`
          : ''
      }
      ${this.#relation(dataset, encoder)}
      <button
        type="button"
        class="primary large"
        ?disabled=${problems.length > 0 || dataset.clips === 0 || !dataset.filesAvailable}
        @click=${this.#start}
      >
        ${icons.play} Start extraction
      </button>
      ${
        dataset.filesAvailable
          ? ''
          : html`<button type="button" @click=${() => this.model.reopenFolder(dataset.id)}>
              ${icons.folder} Reopen the folder first
            </button>`
      }
      ${
        isDefault
          ? ''
          : html`<button type="button" class="plain" @click=${() => this.model.changeDraft(defaultDraft)}>
              Back to the defaults
            </button>`
      }
    </section>`;
  }

  /** What these settings mean beside the extractions that exist: the same one, or how it differs from the nearest. */
  #relation(dataset: DatasetStatus, encoder: EncoderStatus): TemplateResult | string {
    const settings = settingsOf(this.app.draft, encoder);
    const siblings = newestFirst(this.app.jobs)
      .filter((job) => job.dataset.id === dataset.id)
      .map((job) => ({
        job,
        changes: [
          ...(job.encoder.id === encoder.id ? [] : [`Encoder: ${job.encoder.name} → ${encoder.name}`]),
          ...settingsDifference(job.settings, settings),
        ],
      }))
      .sort((a, b) => a.changes.length - b.changes.length);
    const nearest = siblings[0];
    if (!nearest) return '';
    const link = html`<a href=${hrefOf('extract', nearest.job.id)}
      >the one of ${nearest.job.dataset.name}</a
    >`;
    if (nearest.changes.length === 0)
      return html`<p class="note good small">
        These are the settings of an extraction that exists: starting carries on with ${link}, nothing is
        computed twice.
      </p>`;
    return html`<div class="note small">
      <p>Another extraction, with its own shards. Beside ${link}:</p>
      <ul class="changes">
        ${nearest.changes.map((change) => html`<li>${change}</li>`)}
      </ul>
    </div>`;
  }

  #jobs(): TemplateResult | string {
    const jobs = newestFirst(this.app.jobs);
    if (jobs.length === 0) return '';
    return html`<section class="stack" aria-labelledby="jobs">
      <h2 id="jobs">Extractions</h2>
      <div class="cards">${jobs.map((job) => html`<job-card .job=${job}></job-card>`)}</div>
    </section>`;
  }

  async #start(): Promise<void> {
    const id = await this.model.startExtraction();
    if (id !== null) this.goTo('extract', id);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'extract-view': ExtractView;
  }
}
