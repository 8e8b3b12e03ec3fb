import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { formatCount } from '../format.ts';
import { controls } from '../styles/controls.ts';

export interface Bar {
  readonly name: string;
  readonly count: number;
}

/**
 * Names with their counts as bars, a few at first and all on demand.
 * @fires bar-chosen - `CustomEvent<string>` with the name that was clicked
 */
@customElement('bar-list')
export class BarList extends LitElement {
  @property({ attribute: false }) bars: readonly Bar[] = [];
  @property({ type: Number }) shown = 10;
  /** What a click does, e.g. `Show only`; read out before the name. */
  @property({ attribute: 'action-text' }) actionText = 'Show only';
  @state() private all = false;

  static override styles = [
    controls,
    css`
      li button {
        display: grid;
        grid-template-columns: minmax(4rem, 9rem) minmax(2rem, 1fr) 4.5ch;
        gap: 0.75rem;
        align-items: center;
        inline-size: 100%;
        min-block-size: 1.75rem;
        padding: 0.1rem 0.35rem;
        border: 0;
        background: none;
        font-weight: 400;
        text-align: start;
      }
      li button:hover {
        background: var(--accent-soft);
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .track {
        block-size: 0.55rem;
        background: var(--sunken);
        border-radius: 2px;
        overflow: hidden;
      }
      .fill {
        display: block;
        block-size: 100%;
        background: var(--accent);
      }
      .count {
        text-align: end;
        font-family: var(--mono);
        font-size: var(--text-s);
      }
      ul.all {
        max-block-size: 22rem;
        overflow: auto;
      }
    `,
  ];

  override render(): TemplateResult {
    const largest = Math.max(1, ...this.bars.map(({ count }) => count));
    const bars = this.all ? this.bars : this.bars.slice(0, this.shown);
    const hidden = this.bars.length - this.shown;
    return html`
      <ul class=${this.all ? 'all' : ''}>
        ${bars.map(
          ({ name, count }) =>
            html`<li>
              <button type="button" title="${this.actionText} ${name}" @click=${() => this.#choose(name)}>
                <span class="name">${name}</span>
                <span class="track"
                  ><span class="fill" .style=${`inline-size: ${(100 * count) / largest}%`}></span
                ></span>
                <span class="count">${formatCount(count)}</span>
              </button>
            </li>`,
        )}
      </ul>
      ${
        hidden > 0
          ? html`<button type="button" class="plain" @click=${() => (this.all = !this.all)}>
              ${this.all ? 'Show fewer' : `Show ${formatCount(hidden)} more`}
            </button>`
          : ''
      }
    `;
  }

  #choose(name: string): void {
    this.dispatchEvent(new CustomEvent('bar-chosen', { detail: name, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'bar-list': BarList;
  }
}
