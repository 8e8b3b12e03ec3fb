import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '../elements/job-card.ts';
import '../elements/signal-figure.ts';
import { icons } from '../icons.ts';
import { isUnfinished, newestFirst } from '../job-words.ts';
import { hrefOf } from '../route.ts';
import { controls } from '../styles/controls.ts';
import { WiredView } from './wired-view.ts';

/** The first screen: what this is, where to begin, what is still unfinished. */
@customElement('start-view')
export class StartView extends WiredView {
  /** True while something is held over the page. */
  @property({ type: Boolean }) dragging = false;

  static override styles = [
    controls,
    css`
      h1 {
        font-size: var(--text-2xl);
        line-height: 1.08;
        letter-spacing: -0.028em;
        max-inline-size: 24ch;
      }
      .lead {
        font-size: var(--text-l);
        color: var(--ink-2);
        max-inline-size: 58ch;
        margin-block-start: 0.9rem;
      }
      .hero {
        margin-block: clamp(0.5rem, 2vw, 1.75rem) 0.5rem;
      }
      .zone {
        border: 1.5px dashed var(--line-strong);
        border-radius: var(--radius-l);
        background: var(--surface);
        padding: clamp(1rem, 3vw, 2rem);
        display: grid;
        gap: 1.25rem;
      }
      .zone.dragging {
        border-color: var(--accent);
        border-style: solid;
        background: var(--accent-soft);
      }
      .zone h2 {
        font-size: var(--text-l);
      }
      .promises {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
        gap: 1rem 2rem;
      }
      .promises li {
        border-block-start: 2px solid var(--accent);
        padding-block-start: 0.6rem;
      }
      .promises p {
        color: var(--ink-2);
        margin-block-start: 0.15rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const jobs = newestFirst(this.app.jobs);
    const unfinished = jobs.filter(isUnfinished);
    const others = jobs.filter((job) => !isUnfinished(job)).slice(0, 3);
    return html`<div class="view">
      <header class="hero">
        <h1>Turn a folder of recordings into speech embeddings.</h1>
        <p class="lead">
          WavLM runs right here in your browser, on your own graphics card.
          <strong>Your audio never leaves this computer.</strong> No account, nothing to install.
        </p>
      </header>

      ${
        unfinished.length === 0
          ? ''
          : html`<section class="stack" aria-labelledby="unfinished">
              <h2 id="unfinished">Unfinished: carry on from the last saved shard</h2>
              ${unfinished.map((job) => html`<job-card .job=${job}></job-card>`)}
            </section>`
      }

      <section class="zone ${this.dragging ? 'dragging' : ''}" aria-labelledby="drop">
        <signal-figure ?active=${this.dragging}></signal-figure>
        <div class="stack">
          <div>
            <h2 id="drop">
              ${this.dragging ? 'Let go to open it' : 'Drop a folder of audio anywhere on this page'}
            </h2>
            <p class="quiet">
              WAV, FLAC, MP3, OGG, M4A and more, in any subfolders, with or without a CSV of labels.
            </p>
          </div>
          <div class="row">
            <button type="button" class="primary large" @click=${() => this.request('choose-folder')}>
              ${icons.folder} Choose folder
            </button>
            <button type="button" class="large" @click=${() => this.request('choose-files')}>
              ${icons.file} Choose files
            </button>
            <button type="button" class="large" @click=${() => this.request('open-demo')}>
              ${icons.spark} Try the demo
            </button>
          </div>
        </div>
      </section>

      ${
        others.length === 0
          ? ''
          : html`<section class="stack" aria-labelledby="recent">
              <div class="row spread">
                <h2 id="recent">Recent extractions</h2>
                <a href=${hrefOf('extract')}>All extractions</a>
              </div>
              ${others.map((job) => html`<job-card .job=${job}></job-card>`)}
            </section>`
      }

      <ul class="promises" aria-label="What you can rely on">
        <li>
          <h3>Close the tab whenever you like</h3>
          <p>
            Every hundred clips are saved and checked as one shard. Open the page again and it resumes there.
          </p>
        </li>
        <li>
          <h3>The same numbers as PyTorch</h3>
          <p>
            Any WavLM, wav2vec 2.0 or HuBERT checkpoint; every hidden state within 0.01 % of the reference.
          </p>
        </li>
        <li>
          <h3>Leave with one file</h3>
          <p>One .npz with embeddings, labels, paths and speakers, which NumPy opens as it is.</p>
        </li>
      </ul>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'start-view': StartView;
  }
}
