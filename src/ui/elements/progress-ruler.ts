import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { formatShare } from '../format.ts';
import { controls } from '../styles/controls.ts';

/** A progress bar with the ticks of a ruler: saved work in colour, what was set aside hatched. */
@customElement('progress-ruler')
export class ProgressRuler extends LitElement {
  @property({ type: Number }) done = 0;
  @property({ type: Number }) failed = 0;
  @property({ type: Number }) total = 0;
  @property() label = 'Progress';
  @property({ type: Boolean, reflect: true }) compact = false;

  static override styles = [
    controls,
    css`
      .bar {
        position: relative;
        display: flex;
        block-size: 1.1rem;
        background: var(--sunken);
        border: 1px solid var(--line-strong);
        border-radius: 3px;
        overflow: hidden;
      }
      .done {
        background: var(--accent);
        transition: inline-size 0.4s linear;
      }
      .failed {
        background: repeating-linear-gradient(135deg, var(--bad) 0 3px, transparent 3px 6px);
      }
      .ticks {
        block-size: 0.5rem;
        margin-inline: 1px;
        background:
          repeating-linear-gradient(to right, var(--line-strong) 0 1px, transparent 1px 10%) 0 0 / 100% 100%
            no-repeat,
          repeating-linear-gradient(to right, var(--line-strong) 0 1px, transparent 1px 2%) 0 0 / 100% 50%
            no-repeat;
        opacity: 0.7;
      }
      :host([compact]) .bar {
        block-size: 0.5rem;
      }
      :host([compact]) .ticks {
        display: none;
      }
    `,
  ];

  override render(): TemplateResult {
    const total = Math.max(1, this.total);
    const doneShare = this.done / total;
    const failedShare = this.failed / total;
    return html`
      <div
        class="bar"
        role="progressbar"
        aria-label=${this.label}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${Math.floor(100 * (doneShare + failedShare))}
        aria-valuetext=${formatShare(doneShare + failedShare)}
      >
        <div class="done" .style=${`inline-size: ${100 * doneShare}%`}></div>
        <div class="failed" .style=${`inline-size: ${100 * failedShare}%`}></div>
      </div>
      <div class="ticks" aria-hidden="true"></div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'progress-ruler': ProgressRuler;
  }
}
