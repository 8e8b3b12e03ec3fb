import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';

export interface Choice {
  readonly value: string;
  readonly title: string;
  readonly help?: string;
}

/**
 * One of a few, all in sight: radio buttons in a row or as a list with a line of help each.
 * @fires choose - `CustomEvent<string>` with the value
 */
@customElement('choice-group')
export class ChoiceGroup extends LitElement {
  @property() legend = '';
  @property({ attribute: false }) choices: readonly Choice[] = [];
  @property() value = '';

  static override styles = [
    controls,
    css`
      .choices {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 11.5rem), 1fr));
        gap: 0.5rem;
        margin-block-start: 0.4rem;
      }
      label {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.1rem 0.6rem;
        align-items: center;
        align-content: start;
        padding: 0.55rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        cursor: pointer;
      }
      label:hover {
        border-color: var(--accent);
      }
      label:has(:checked) {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      label:has(:focus-visible) {
        outline: 2px solid var(--focus);
        outline-offset: 2px;
      }
      input:focus-visible {
        outline: none;
      }
      .title {
        font-weight: 550;
      }
      .help {
        grid-column: 2;
        font-size: var(--text-s);
        color: var(--ink-2);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<fieldset>
      <legend>${this.legend}</legend>
      <div class="choices">
        ${this.choices.map(
          ({ value, title, help }) =>
            html`<label>
              <input
                type="radio"
                name="choice"
                value=${value}
                .checked=${value === this.value}
                @change=${() => this.#choose(value)}
              />
              <span class="title">${title}</span>
              ${help === undefined ? '' : html`<span class="help">${help}</span>`}
            </label>`,
        )}
      </div>
    </fieldset>`;
  }

  #choose(value: string): void {
    this.dispatchEvent(new CustomEvent('choose', { detail: value }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'choice-group': ChoiceGroup;
  }
}
