import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { inputOf, valueOf } from '../../event-target.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { TrainingView } from '../training-view.ts';

/** Takes a checkpoint file in: as a run that goes on, or as weights for a fresh start. */
@customElement('import-checkpoint')
export class ImportCheckpoint extends TrainingView {
  @state() private file: File | null = null;

  static override styles = [controls];

  override render(): TemplateResult {
    const { extractions, extraction } = this.training;
    return html`<section class="panel stack" aria-labelledby="import">
      <h2 id="import">Bring a checkpoint</h2>
      <p class="small quiet">
        A checkpoint saved here carries the whole state of training and goes on as a run of its own. A file
        with weights alone (safetensors) has no such state: it starts a fresh run with the settings of
        <em>Train</em>.
      </p>
      <div class="row">
        <label class="field"
          >File
          <input
            type="file"
            accept=".safetensors"
            @change=${(event: Event) => (this.file = inputOf(event).files?.[0] ?? null)}
          />
        </label>
        ${
          extractions.length > 0
            ? html`<label class="field"
                >On extraction
                <select @change=${(event: Event) => this.training.chooseExtraction(valueOf(event))}>
                  ${extractions.map(
                    (job) =>
                      html`<option value=${job.id} ?selected=${job.id === extraction?.id}>
                        ${job.dataset.name} × ${job.encoder.name}
                      </option>`,
                  )}
                </select>
              </label>`
            : html`<span class="small quiet"
                >The embeddings it was trained on are needed: extract them first.</span
              >`
        }
      </div>
      <div class="row">
        <button type="button" ?disabled=${!this.file || !this.training.source} @click=${this.#import}>
          ${icons.play} Take in as a run
        </button>
        <button type="button" ?disabled=${!this.file || !this.training.source} @click=${this.#fresh}>
          Start fresh with its weights
        </button>
      </div>
    </section>`;
  }

  async #import(): Promise<void> {
    const { file } = this;
    const { source } = this.training;
    if (!file || source === null) return;
    const id = await this.training.run('Reading the checkpoint…', async (playground) => {
      const imported = await playground.importCheckpoint(file, source);
      this.training.receiveRun(await playground.run(imported));
      return imported;
    });
    if (id !== null) this.goTo('runs', id);
  }

  async #fresh(): Promise<void> {
    if (!this.file) return;
    const id = await this.training.train(this.file);
    if (id !== null) this.goTo('runs', id);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'import-checkpoint': ImportCheckpoint;
  }
}
