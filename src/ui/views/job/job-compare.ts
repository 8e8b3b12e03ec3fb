import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { valueOf } from '../../event-target.ts';
import { formatWhen } from '../../format.ts';
import { newestFirst } from '../../job-words.ts';
import { controls } from '../../styles/controls.ts';
import { JobPart } from './job-part.ts';

/** In what two extractions differ. */
@customElement('job-compare')
export class JobCompare extends JobPart {
  @state() private comparedId = '';
  @state() private differences: readonly string[] = [];
  #shownId = '';

  static override styles = [controls];

  protected override willUpdate(): void {
    if (this.job.id !== this.#shownId) {
      this.comparedId = '';
      this.differences = [];
    }
    this.#shownId = this.job.id;
  }

  override render(): TemplateResult {
    const others = newestFirst(this.app.jobs).filter(({ id }) => id !== this.job.id);
    return html`<section class="panel stack" aria-labelledby="compare">
      <h2 id="compare">Beside another extraction</h2>
      <label class="field"
        >Compare with
        <select @change=${(event: Event) => this.#show(valueOf(event))}>
          <option value="" ?selected=${this.comparedId === ''}>choose one</option>
          ${others.map(
            (other) =>
              html`<option value=${other.id} ?selected=${other.id === this.comparedId}>
                ${other.dataset.name} × ${other.encoder.name}, ${formatWhen(other.createdAt)}
              </option>`,
          )}
        </select>
      </label>
      ${
        this.comparedId === ''
          ? ''
          : html`<ul class="stack">
              ${
                this.differences.length === 0
                  ? html`<li class="quiet">They give the same numbers.</li>`
                  : this.differences.map((difference) => html`<li class="note">${difference}</li>`)
              }
            </ul>`
      }
    </section>`;
  }

  async #show(otherId: string): Promise<void> {
    const { id } = this.job;
    this.comparedId = otherId;
    this.differences = [];
    if (otherId === '') return;
    const differences = await this.model.run('Comparing…', () =>
      this.model.playground.difference(otherId, id),
    );
    if (differences && this.comparedId === otherId && this.job.id === id) this.differences = differences;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'job-compare': JobCompare;
  }
}
