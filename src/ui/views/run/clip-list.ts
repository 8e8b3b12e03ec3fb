import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { valueOf } from '../../event-target.ts';
import { formatCounted } from '../../format.ts';
import { standingOf } from '../../corrections.ts';
import { icons } from '../../icons.ts';
import { downloadFile } from '../../save-file.ts';
import { controls } from '../../styles/controls.ts';
import { RunPart } from '../training-view.ts';

export interface ListedClip {
  readonly path: string;
  /** Name of the class it is labelled as. */
  readonly truth: string;
  readonly prediction: string | null;
  /** Probability of the prediction; null where it is not known. */
  readonly confidence: number | null;
}

const pageSize = 30;

/** Clips behind a picture: they play, are given another label, or are set aside; all of it can be undone. */
@customElement('clip-list')
export class ClipList extends RunPart {
  @property({ attribute: false }) clips: readonly ListedClip[] = [];
  @property() heading = 'Clips';
  @state() private shown = pageSize;
  @state() private playing: { readonly path: string; readonly url: string } | null = null;
  @query('audio') private player!: HTMLAudioElement | null;

  static override styles = [
    controls,
    css`
      li {
        display: grid;
        grid-template-columns: auto minmax(10rem, 1fr) auto;
        gap: 0.25rem 0.75rem;
        align-items: center;
        padding-block: 0.4rem;
        border-block-end: 1px solid var(--line);
        font-size: var(--text-s);
      }
      li button {
        min-block-size: 2rem;
        padding-inline: 0.5rem;
        font-size: var(--text-s);
      }
      li select {
        min-block-size: 2rem;
        font-size: var(--text-s);
        max-inline-size: 10rem;
      }
      audio {
        inline-size: 100%;
        max-inline-size: 30rem;
        block-size: 2.5rem;
      }
      @media (max-width: 40rem) {
        li {
          grid-template-columns: auto minmax(0, 1fr);
        }
        li > .row {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#forget();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('clips')) this.shown = pageSize;
  }

  #forget(): void {
    if (this.playing) URL.revokeObjectURL(this.playing.url);
    this.playing = null;
  }

  override render(): TemplateResult {
    const { clips, run } = this;
    const dataset = run.source.dataset;
    const corrections = this.training.correctionsOf(dataset);
    return html`<section class="panel stack" aria-label=${this.heading}>
      <div class="row spread">
        <h2>${this.heading}</h2>
        <span class="small quiet">${formatCounted(clips.length, 'clip')}</span>
      </div>
      ${
        dataset === null
          ? html`<p class="small quiet">
              The recordings behind an <span class="mono">.npz</span> are not known here, so they cannot be
              played.
            </p>`
          : ''
      }
      ${this.playing ? html`<audio controls src=${this.playing.url} aria-label="Playing ${this.playing.path}"></audio>` : ''}
      <ul>
        ${clips.slice(0, this.shown).map((clip) => this.#clip(clip, dataset))}
      </ul>
      ${
        clips.length > this.shown
          ? html`<button type="button" class="plain" @click=${() => (this.shown += 10 * pageSize)}>
              Show more
            </button>`
          : ''
      }
      ${
        dataset !== null
          ? html`<div class="row">
              <button
                type="button"
                ?disabled=${corrections.length === 0}
                @click=${() => this.training.undoCorrection(dataset)}
              >
                Undo the last correction
              </button>
              <button type="button" @click=${() => this.#export(dataset)}>
                ${icons.download} Labels as CSV
              </button>
              <button type="button" ?disabled=${corrections.length === 0} @click=${this.#repeat}>
                ${icons.play} Train again with the corrected labels
              </button>
              <span class="small quiet" role="status">
                ${corrections.length > 0 ? `${formatCounted(corrections.length, 'correction')} now` : ''}
              </span>
            </div>`
          : ''
      }
    </section>`;
  }

  #clip({ path, truth, prediction, confidence }: ListedClip, dataset: string | null): TemplateResult {
    const standing = standingOf(this.training.correctionsOf(dataset), path);
    const label = standing.label ?? truth;
    const { isAside } = standing;
    return html`<li>
      <button
        type="button"
        ?disabled=${dataset === null}
        aria-label="Play ${path}"
        @click=${() => dataset !== null && this.#play(dataset, path)}
      >
        ${icons.play}
      </button>
      <div>
        <div class="mono path">${path}</div>
        <div class="quiet">
          labelled <strong>${truth}</strong>${
            prediction === null
              ? ''
              : html`, predicted
                  <strong>${prediction}</strong
                  >${confidence === null ? '' : ` (${Math.round(100 * confidence)} %)`}`
          }
          ${isAside ? html`<span class="tag signal">set aside</span>` : ''}
          ${label !== truth && !isAside ? html`<span class="tag accent">now ${label}</span>` : ''}
        </div>
      </div>
      ${
        dataset === null || this.run.target !== 'label'
          ? ''
          : html`<div class="row">
              <label
                ><span class="visually-hidden">Label of ${path}</span
                ><select @change=${(event: Event) => this.training.correct(dataset, path, valueOf(event))}>
                  ${this.run.classes.map(
                    (name) => html`<option value=${name} ?selected=${name === label}>${name}</option>`,
                  )}
                </select></label
              >
              <button
                type="button"
                class="plain"
                ?disabled=${isAside}
                aria-label="Set aside ${path}"
                @click=${() => this.training.correct(dataset, path, null)}
              >
                Set aside
              </button>
            </div>`
      }
    </li>`;
  }

  async #play(dataset: string, path: string): Promise<void> {
    // Augmented versions are heard as the clip they were made from.
    const file = await this.training.run('Fetching the clip…', (playground) =>
      playground.clip(dataset, path.replace(/#aug\d+$/u, '')),
    );
    if (!file) return;
    this.#forget();
    this.playing = { path, url: URL.createObjectURL(file) };
    await this.updateComplete;
    await this.training.run('Playing…', async () => this.player?.play());
  }

  async #export(dataset: string): Promise<void> {
    const file = await this.training.run('Writing the labels…', (playground) =>
      playground.exportLabels(dataset),
    );
    if (file) downloadFile(file);
  }

  async #repeat(): Promise<void> {
    const id = await this.training.repeat(this.run);
    if (id !== null) this.goTo('runs', id);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'clip-list': ClipList;
  }
}
