import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { inputOf, valueOf } from '../../event-target.ts';
import { settingsInWords } from '../../extraction-draft.ts';
import { formatCounted, formatShare } from '../../format.ts';
import { icons } from '../../icons.ts';
import { hrefOf } from '../../route.ts';
import { controls } from '../../styles/controls.ts';
import { TrainingView } from '../training-view.ts';

/** Which embeddings are learned from: an extraction and its layers, or a file brought along. */
@customElement('source-panel')
export class SourcePanel extends TrainingView {
  static override styles = [
    controls,
    css`
      .file {
        inline-size: 100%;
      }
    `,
  ];

  override render(): TemplateResult {
    return this.training.source === null ? this.#missing() : this.#chosen();
  }

  #missing(): TemplateResult {
    return html`<section class="panel stack" aria-labelledby="missing">
      <h2 id="missing">Embeddings come first</h2>
      <p>
        <a href=${hrefOf('extract')}>Extract some</a>, or bring a file along:
        <span class="mono">.npz</span> with <span class="mono">embeddings</span> and
        <span class="mono">labels</span>.
      </p>
      ${this.#fileField()}
    </section>`;
  }

  #fileField(): TemplateResult {
    return html`<label class="field"
      >Embeddings from elsewhere
      <input
        class="file"
        type="file"
        accept=".npz"
        data-testid="npz-input"
        @change=${(event: Event) => {
          const [file] = inputOf(event).files ?? [];
          if (file) this.training.bringFile(file);
        }}
      />
    </label>`;
  }

  #chosen(): TemplateResult {
    const { extractions, extraction } = this.training;
    const { file, draft } = this.state;
    const kept = extraction?.settings.layers ?? [];
    return html`<section class="panel stack" aria-labelledby="source">
      <h2 id="source">Embeddings</h2>
      ${
        extractions.length > 0
          ? html`<label class="field"
              >Extraction
              <select @change=${(event: Event) => this.training.chooseExtraction(valueOf(event))}>
                ${file ? html`<option value="" selected disabled>${file.name}</option>` : ''}
                ${extractions.map(
                  (job) =>
                    html`<option value=${job.id} ?selected=${job.id === extraction?.id}>
                      ${job.dataset.name} × ${job.encoder.name}, ${settingsInWords(job.settings)}
                    </option>`,
                )}
              </select>
            </label>`
          : ''
      }
      ${
        extraction && extraction.state !== 'finished'
          ? html`<p class="note signal small">
              This extraction is not complete
              (${formatShare(extraction.done / Math.max(1, extraction.total))}): the run trains on the
              ${formatCounted(extraction.done, 'clip')} committed so far.
            </p>`
          : ''
      }
      ${
        kept.length > 1
          ? html`<label class="field"
              >Layers
              <select
                @change=${(event: Event) => {
                  const chosen = valueOf(event);
                  this.training.changeDraft({ layer: chosen === 'all' ? null : Number(chosen) });
                }}
              >
                <option value="all" ?selected=${draft.layer === null}>all ${kept.length} kept layers</option>
                ${kept.map(
                  (layer, place) =>
                    html`<option value=${place} ?selected=${draft.layer === place}>
                      layer ${layer} alone
                    </option>`,
                )}
              </select>
            </label>`
          : ''
      }
      ${this.#fileField()}
      ${
        file
          ? html`<p class="note small row">
              Training on <span class="mono path">${file.name}</span>
              <button type="button" class="plain" @click=${() => this.training.bringFile(null)}>
                ${icons.close} Leave it
              </button>
            </p>`
          : ''
      }
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'source-panel': SourcePanel;
  }
}
