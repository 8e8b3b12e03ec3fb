import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ResumeProof } from '../../../training/prove.ts';
import { numberField } from '../../elements/number-field.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { TrainingView } from '../training-view.ts';

/** Trains a few steps twice on this device, once with a restart in the middle, and compares to the bit. */
@customElement('prove-panel')
export class ProvePanel extends TrainingView {
  @state() private steps = 20;
  @state() private proof: ResumeProof | null = null;
  @state() private isBusy = false;

  static override styles = [controls];

  override render(): TemplateResult {
    const { proof } = this;
    return html`<section class="panel stack" aria-labelledby="prove">
      <h2 id="prove">Is resuming exact here?</h2>
      <p class="small quiet">
        Trains these settings for some steps straight, then again with a stop in the middle that goes through
        a checkpoint’s bytes, on this device, and compares weights, optimizer state and history.
      </p>
      <div class="row">
        ${numberField({
          label: 'Steps',
          value: this.steps,
          min: 2,
          max: 2000,
          step: 1,
          change: (steps) => (this.steps = steps ?? 20),
        })}
        <button type="button" ?disabled=${this.isBusy} @click=${this.#prove}>${icons.shield} Prove it</button>
      </div>
      <div role="status" class="stack">
        ${
          proof
            ? html`<p class="note ${proof.identical ? 'good' : 'bad'} path">${proof.sentence}</p>
                <dl class="facts small">
                  <dt>straight</dt>
                  <dd class="mono">${proof.straightDigest}</dd>
                  <dt>with a restart</dt>
                  <dd class="mono">${proof.resumedDigest}</dd>
                </dl>`
            : ''
        }
      </div>
    </section>`;
  }

  async #prove(): Promise<void> {
    const { request } = this.training;
    if (!request) return;
    this.isBusy = true;
    this.proof = null;
    this.proof = await this.training.run('Training twice and comparing…', (playground) =>
      playground.proveResume(request, this.steps),
    );
    this.isBusy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'prove-panel': ProvePanel;
  }
}
