import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';
import { dialogFrame } from '../styles/dialog.ts';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** The verb on the button, e.g. `Remove`. */
  readonly confirm: string;
}

/** Asks before something that cannot be undone. */
@customElement('confirm-dialog')
export class ConfirmDialog extends LitElement {
  @state() private question: Question | null = null;
  @query('dialog') private dialog!: HTMLDialogElement;
  #answer: ((confirmed: boolean) => void) | null = null;

  static override styles = [
    controls,
    dialogFrame,
    css`
      dialog {
        inline-size: min(30rem, calc(100vw - 2rem));
      }
      .row {
        justify-content: flex-end;
        margin-block-start: 1rem;
      }
    `,
  ];

  /** @returns true when the person confirmed */
  async ask(question: Question): Promise<boolean> {
    this.question = question;
    await this.updateComplete;
    this.dialog.returnValue = '';
    this.dialog.showModal();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="title"
      @close=${() => {
        this.#answer?.(this.dialog.returnValue === 'confirm');
        this.#answer = null;
      }}
    >
      <form method="dialog" class="stack">
        <h2 id="title">${this.question?.title}</h2>
        <p>${this.question?.text}</p>
        <div class="row">
          <button value="cancel">Cancel</button>
          <button value="confirm" class="danger">${this.question?.confirm}</button>
        </div>
      </form>
    </dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'confirm-dialog': ConfirmDialog;
  }
}
