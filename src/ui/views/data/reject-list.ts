import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Reject } from '../../../dataset/utterance.ts';
import { formatCount } from '../../format.ts';
import { errorTitle } from '../../job-words.ts';
import { controls } from '../../styles/controls.ts';

const mostShown = 500;

/** The files that were left out, by reason. */
@customElement('reject-list')
export class RejectList extends LitElement {
  @property({ attribute: false }) rejects: readonly Reject[] = [];

  static override styles = [
    controls,
    css`
      .group + .group {
        margin-block-start: 0.5rem;
      }
      .group ul {
        max-block-size: 14rem;
        overflow: auto;
        margin-block: 0.25rem 0.75rem;
      }
      .group li {
        padding-block: 0.3rem;
        border-block-end: 1px solid var(--line);
        font-size: var(--text-s);
      }
    `,
  ];

  override render(): TemplateResult {
    const groups = new Map<string, Reject[]>();
    for (const reject of this.rejects) {
      const members = groups.get(reject.errorName);
      if (members) members.push(reject);
      else groups.set(reject.errorName, [reject]);
    }
    return html`<section class="panel" aria-labelledby="title">
      <h2 id="title">Set aside</h2>
      <p class="quiet">These files are left out; the rest of the folder is unharmed.</p>
      ${[...groups].map(
        ([errorName, members]) =>
          html`<details class="group" ?open=${groups.size <= 3}>
            <summary>
              ${errorTitle(errorName)} <span class="mono quiet">${formatCount(members.length)}</span>
            </summary>
            <ul tabindex="0" aria-label="${errorTitle(errorName)}">
              ${members
                .slice(0, mostShown)
                .map(
                  ({ path, reason }) =>
                    html`<li>
                      <span class="mono path">${path}</span><br /><span class="quiet">${reason}</span>
                    </li>`,
                )}
              ${members.length > mostShown ? html`<li>… and ${formatCount(members.length - mostShown)} more</li>` : ''}
            </ul>
          </details>`,
      )}
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'reject-list': RejectList;
  }
}
