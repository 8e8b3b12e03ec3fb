import { css, html, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { DownloadProgress, EncoderStatus } from '../../engine/protocol.ts';
import '../elements/progress-ruler.ts';
import { formatBytes, formatCount, formatParameters } from '../format.ts';
import { icons } from '../icons.ts';
import { hrefOf } from '../route.ts';
import { controls } from '../styles/controls.ts';
import { WiredView } from './wired-view.ts';
import { inputOf, valueOf } from '../event-target.ts';

const hubSuggestions = [
  { id: 'microsoft/wavlm-base-plus', size: '378 MB' },
  { id: 'microsoft/wavlm-base', size: '378 MB' },
  { id: 'microsoft/wavlm-large', size: '1.26 GB' },
  { id: 'facebook/hubert-base-ls960', size: '378 MB' },
  { id: 'facebook/wav2vec2-base', size: '380 MB' },
  { id: 'ntu-spml/distilhubert', size: '94 MB' },
];

const familyNames: Readonly<Record<string, string>> = {
  wavlm: 'WavLM',
  wav2vec2: 'wav2vec 2.0',
  hubert: 'HuBERT',
  'unispeech-sat': 'UniSpeech-SAT',
  'data2vec-audio': 'data2vec audio',
};

/** The encoder: the built-in one, a checkpoint from disk, or one from the hub. */
@customElement('encoder-view')
export class EncoderView extends WiredView {
  @state() private hubId = '';
  @state() private hubAddress = '';
  @query('#checkpoint-folder') private folderInput!: HTMLInputElement;
  @query('#checkpoint-files') private filesInput!: HTMLInputElement;

  static override styles = [
    controls,
    css`
      .sources {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      .encoders {
        display: grid;
        gap: 0.75rem;
      }
      .encoder {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.2rem 0.8rem;
        align-items: center;
        padding: 0.9rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        cursor: pointer;
      }
      .encoder:has(:checked) {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .encoder:has(:focus-visible) {
        outline: 2px solid var(--focus);
        outline-offset: 2px;
      }
      .encoder input:focus-visible {
        outline: none;
      }
      .encoder > div {
        grid-column: 2;
      }
      .name {
        font-weight: 600;
      }
      form {
        display: grid;
        gap: 0.75rem;
      }
      form input {
        inline-size: 100%;
      }
      label.field {
        justify-items: stretch;
      }
      .suggestions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem;
      }
      .suggestions button {
        min-block-size: 1.75rem;
        font-size: var(--text-s);
        font-weight: 450;
      }
      input[type='file'] {
        position: absolute;
        inline-size: 1px;
        min-block-size: 0;
        block-size: 1px;
        padding: 0;
        overflow: hidden;
        clip-path: inset(50%);
      }
    `,
  ];

  override render(): TemplateResult {
    const { encoder, dataset } = this.model;
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>Encoder</h1>
          <p>
            The network that listens. It turns each clip into numbers; a larger one hears more and takes
            longer.
          </p>
        </div>
        ${
          dataset && encoder
            ? html`<a class="button primary" href=${hrefOf('extract')}>Choose what to keep ${icons.arrow}</a>`
            : ''
        }
      </header>

      ${
        this.app.encoders.length === 0
          ? html`<p class="note">
              None is loaded yet. The built-in one loads by itself with the first dataset; no network is
              needed.
            </p>`
          : html`<fieldset class="encoders">
              <legend class="visually-hidden">Loaded encoders</legend>
              ${this.app.encoders.map((each) => this.#encoder(each, each.id === encoder?.id))}
            </fieldset>`
      }
      ${this.app.download ? this.#download(this.app.download) : ''}

      <div class="sources">
        <div class="view">
          <section class="panel stack" aria-labelledby="built-in">
            <h2 id="built-in">Built in</h2>
            <p>wavlm-nano comes with the app: small, quick, without any network.</p>
            <div>
              <button type="button" @click=${() => this.model.loadEncoder('wavlm-nano')}>
                Use wavlm-nano
              </button>
            </div>
          </section>

          <section class="panel stack" aria-labelledby="disk">
            <h2 id="disk">From your disk</h2>
            <p>
              Drop a checkpoint folder anywhere on this page: <span class="mono">config.json</span> with
              <span class="mono">model.safetensors</span> or <span class="mono">pytorch_model.bin</span>, or
              an original unilm <span class="mono">.pt</span> file. Nothing in it is executed.
            </p>
            <div class="row">
              <button type="button" @click=${() => this.folderInput.click()}>
                ${icons.folder} Choose folder
              </button>
              <button type="button" @click=${() => this.filesInput.click()}>
                ${icons.file} Choose files
              </button>
            </div>
            <input
              id="checkpoint-folder"
              type="file"
              webkitdirectory
              tabindex="-1"
              aria-label="Checkpoint folder"
              data-testid="checkpoint-input"
              @change=${this.#onFiles}
            />
            <input
              id="checkpoint-files"
              type="file"
              multiple
              tabindex="-1"
              aria-label="Checkpoint files"
              @change=${this.#onFiles}
            />
          </section>
        </div>

        <section class="panel" aria-labelledby="hub">
          <h2 id="hub">From the Hugging Face hub</h2>
          <form @submit=${this.#onHub}>
            <label class="field"
              >Model
              <input
                name="hub-id"
                required
                placeholder="owner/name"
                autocomplete="off"
                spellcheck="false"
                .value=${this.hubId}
                @input=${(event: Event) => (this.hubId = valueOf(event))}
              />
            </label>
            <div class="suggestions">
              ${hubSuggestions.map(
                ({ id, size }) =>
                  html`<button type="button" title=${size} @click=${() => (this.hubId = id)}>
                    ${id.split('/')[1]} <span class="quiet">${size}</span>
                  </button>`,
              )}
            </div>
            <details>
              <summary class="small">Another address</summary>
              <label class="field"
                >Hub address
                <input
                  name="hub-address"
                  type="url"
                  placeholder="https://huggingface.co"
                  .value=${this.hubAddress}
                  @input=${(event: Event) => (this.hubAddress = valueOf(event))}
                />
              </label>
            </details>
            <p class="small quiet">
              The weights come in; your audio never goes out. They are checked, kept in this browser and never
              fetched twice.
            </p>
            <div><button type="submit">${icons.download} Download</button></div>
          </form>
        </section>
      </div>
    </div>`;
  }

  #encoder(encoder: EncoderStatus, isChosen: boolean): TemplateResult {
    return html`<label class="encoder">
      <input
        type="radio"
        name="encoder"
        .checked=${isChosen}
        @change=${() => this.model.selectEncoder(encoder.id)}
      />
      <span class="row">
        <span class="name path">${encoder.name}</span>
        ${encoder.trained ? '' : html`<span class="tag signal">${icons.warning} untrained</span>`}
      </span>
      <div class="small quiet">
        ${familyNames[encoder.modelType] ?? encoder.modelType} · ${encoder.layers} layers ·
        ${formatCount(encoder.hiddenSize)} numbers a layer · ${formatParameters(encoder.parameters)}
        parameters · weights
        <span class="mono" title=${encoder.weightsHash}>${encoder.weightsHash.slice(0, 12)}</span>
        ${
          encoder.trained
            ? ''
            : html`<br />Seeded random weights: good for trying the app, not for results you want to publish.`
        }
      </div>
    </label>`;
  }

  #download({ file, receivedBytes, totalBytes }: DownloadProgress): TemplateResult {
    return html`<section class="panel stack" aria-label="Download">
      <div class="row spread">
        <p>Downloading <span class="mono path">${file}</span></p>
        <p class="mono small">${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}</p>
      </div>
      <progress-ruler
        label="Download of ${file}"
        .done=${receivedBytes}
        .total=${totalBytes}
      ></progress-ruler>
      <p class="small quiet">If it breaks off, it carries on from here the next time.</p>
    </section>`;
  }

  async #onFiles(event: Event): Promise<void> {
    const input = inputOf(event);
    const files = Array.from(input.files ?? []);
    input.value = '';
    if (files.length > 0) await this.model.loadEncoder(files);
  }

  async #onHub(event: Event): Promise<void> {
    event.preventDefault();
    const hub = this.hubAddress.trim();
    const encoder = await this.model.loadEncoder(this.hubId.trim(), hub === '' ? undefined : hub);
    if (encoder) this.hubId = '';
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'encoder-view': EncoderView;
  }
}
