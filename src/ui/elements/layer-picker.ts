import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';
import './choice-group.ts';

export type LayerChoice = 'last' | 'all' | readonly number[];

const choices = [
  { value: 'last', title: 'Last layer', help: 'the usual choice' },
  { value: 'all', title: 'All layers', help: 'for layer-wise probing or a learned sum' },
  { value: 'some', title: 'Chosen layers', help: 'middle layers often know more about speakers' },
];

/**
 * Which hidden states are kept: 0 is what enters the first transformer layer.
 * @fires layers - `CustomEvent<LayerChoice>`
 */
@customElement('layer-picker')
export class LayerPicker extends LitElement {
  /** Transformer layers L; there are L + 1 hidden states. */
  @property({ type: Number }) count = 12;
  @property({ attribute: false }) value: LayerChoice = 'last';

  static override styles = [
    controls,
    css`
      .cells {
        display: flex;
        flex-wrap: wrap;
        gap: 0.35rem;
        margin-block-start: 0.6rem;
      }
      .cells label {
        position: relative;
        display: grid;
        place-items: center;
        min-inline-size: 2.4rem;
        block-size: 2.4rem;
        border: 1px solid var(--line-strong);
        border-radius: var(--radius);
        font-family: var(--mono);
        font-size: var(--text-s);
        cursor: pointer;
      }
      .cells input {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
        opacity: 0;
        cursor: pointer;
      }
      .cells label:has(:checked) {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--accent-ink);
        font-weight: 700;
      }
      .cells label:has(:focus-visible) {
        outline: 2px solid var(--focus);
        outline-offset: 2px;
      }
    `,
  ];

  override render(): TemplateResult {
    const kind = typeof this.value === 'string' ? this.value : 'some';
    const chosen = typeof this.value === 'string' ? [] : this.value;
    return html`
      <choice-group
        legend="Layers"
        .choices=${choices}
        .value=${kind}
        @choose=${(event: CustomEvent<string>) => this.#choose(event.detail)}
      ></choice-group>
      ${
        kind === 'some'
          ? html`<div class="cells" role="group" aria-label="Layers to keep">
              ${Array.from(
                { length: this.count + 1 },
                (_, layer) =>
                  html`<label
                    ><input
                      type="checkbox"
                      aria-label="layer ${layer}"
                      .checked=${chosen.includes(layer)}
                      @change=${() => this.#toggle(chosen, layer)}
                    />${layer}</label
                  >`,
              )}
            </div>`
          : ''
      }
    `;
  }

  #choose(kind: string): void {
    this.#emit(kind === 'last' || kind === 'all' ? kind : [this.count]);
  }

  #toggle(chosen: readonly number[], layer: number): void {
    const next = chosen.includes(layer) ? chosen.filter((each) => each !== layer) : [...chosen, layer];
    this.#emit(next.sort((a, b) => a - b));
  }

  #emit(value: LayerChoice): void {
    this.dispatchEvent(new CustomEvent('layers', { detail: value }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'layer-picker': LayerPicker;
  }
}
