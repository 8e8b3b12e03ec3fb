import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Notice } from '../app-model.ts';
import { icons } from '../icons.ts';
import { controls } from '../styles/controls.ts';

const levelWords: Record<Notice['level'], string> = { info: 'Note', warning: 'Warning', error: 'Problem' };
const mostShown = 3;

/**
 * The page's calm voice: the newest sentences in a corner, each to be dismissed, read out politely.
 * @fires dismiss - `CustomEvent<number | 'all'>` with the key of the notice
 */
@customElement('notice-stack')
export class NoticeStack extends LitElement {
  @property({ attribute: false }) notices: readonly Notice[] = [];

  static override styles = [
    controls,
    css`
      :host {
        position: fixed;
        z-index: 20;
        inset-block-end: 1rem;
        inset-inline-end: 1rem;
        inline-size: min(26rem, calc(100vw - 2rem));
        pointer-events: none;
      }
      .list {
        display: grid;
        gap: 0.5rem;
      }
      .notice {
        pointer-events: auto;
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0.65rem;
        align-items: start;
        background: var(--surface);
        border: 1px solid var(--line-strong);
        border-inline-start: 4px solid var(--accent);
        border-radius: var(--radius);
        box-shadow: var(--shadow);
        padding: 0.65rem 0.5rem 0.65rem 0.8rem;
      }
      .notice > svg {
        margin-block-start: 0.25rem;
        color: var(--accent);
      }
      .warning {
        border-inline-start-color: var(--signal-fill);
      }
      .warning > svg {
        color: var(--signal);
      }
      .error {
        border-inline-start-color: var(--bad);
      }
      .error > svg {
        color: var(--bad);
      }
      .notice p {
        overflow-wrap: anywhere;
        max-block-size: 9rem;
        overflow: auto;
      }
      .notice button {
        min-block-size: 1.75rem;
        padding-inline: 0.4rem;
        color: var(--ink-2);
      }
      .more {
        pointer-events: auto;
        justify-self: end;
        background: var(--surface);
      }
      @media (max-width: 60rem) {
        :host {
          inset-block-end: 4.75rem;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const shown = this.notices.slice(-mostShown);
    const hidden = this.notices.length - shown.length;
    return html`<div class="list" role="log" aria-live="polite" aria-label="Notices">
      ${shown.map(
        ({ key, level, text }) =>
          html`<div class="notice ${level}">
            ${level === 'info' ? icons.info : icons.warning}
            <p><span class="visually-hidden">${levelWords[level]}: </span>${text}</p>
            <button type="button" class="plain" aria-label="Dismiss" @click=${() => this.#dismiss(key)}>
              ${icons.close}
            </button>
          </div>`,
      )}
      ${
        this.notices.length > 1
          ? html`<button type="button" class="more" @click=${() => this.#dismiss('all')}>
              Dismiss all${hidden > 0 ? ` (${hidden} earlier)` : ''}
            </button>`
          : ''
      }
    </div>`;
  }

  #dismiss(key: number | 'all'): void {
    this.dispatchEvent(new CustomEvent('dismiss', { detail: key }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'notice-stack': NoticeStack;
  }
}
