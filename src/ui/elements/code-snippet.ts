import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { icons } from '../icons.ts';
import { controls } from '../styles/controls.ts';

/** A few lines of code with a button that copies them. */
@customElement('code-snippet')
export class CodeSnippet extends LitElement {
  @property() code = '';
  /** Says what the code is, for a screen reader. */
  @property() label = 'Code';
  @state() private copied = false;

  static override styles = [
    controls,
    css`
      div {
        position: relative;
      }
      pre {
        margin: 0;
        padding: 0.8rem 1rem;
        padding-inline-end: 6rem;
        overflow-x: auto;
        background: var(--sunken);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        font: var(--text-s) / 1.6 var(--mono);
        tab-size: 4;
      }
      button {
        position: absolute;
        inset-block-start: 0.4rem;
        inset-inline-end: 0.4rem;
        min-block-size: 1.9rem;
        font-size: var(--text-s);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<div>
      <pre tabindex="0" aria-label=${this.label} role="region">${this.code}</pre>
      <button type="button" @click=${this.#copy}>
        ${this.copied ? icons.check : icons.file} ${this.copied ? 'Copied' : 'Copy'}
      </button>
    </div>`;
  }

  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(this.code);
    this.copied = true;
    setTimeout(() => (this.copied = false), 2000);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'code-snippet': CodeSnippet;
  }
}
