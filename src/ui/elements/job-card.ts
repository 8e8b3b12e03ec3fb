import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { JobStatus } from '../../engine/protocol.ts';
import { settingsInWords } from '../extraction-draft.ts';
import { formatBytes, formatCount, formatShare, formatWhen } from '../format.ts';
import { icons } from '../icons.ts';
import { isUnfinished, progressOf, stateTone, stateWords } from '../job-words.ts';
import { hrefOf } from '../route.ts';
import { controls } from '../styles/controls.ts';
import './progress-ruler.ts';

/**
 * One extraction in a list: what it is, how far it is, the next thing to do with it.
 * @fires resume-job - `CustomEvent<string>` with its id
 */
@customElement('job-card')
export class JobCard extends LitElement {
  @property({ attribute: false }) job!: JobStatus;

  static override styles = [
    controls,
    css`
      article {
        display: grid;
        gap: 0.5rem;
        padding: 0.9rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
      }
      h3 a {
        color: inherit;
        text-decoration-color: var(--line-strong);
      }
      h3 a:hover {
        color: var(--accent);
      }
      progress-ruler {
        flex: 1 1 8rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { job } = this;
    const share = progressOf(job);
    return html`<article>
      <div class="row spread">
        <h3 class="path">
          <a href=${hrefOf('extract', job.id)}>${job.dataset.name} × ${job.encoder.name}</a>
        </h3>
        <span class="tag ${stateTone[job.state]}">${stateWords[job.state]}</span>
      </div>
      <p class="small quiet">${settingsInWords(job.settings)}</p>
      <div class="row">
        <progress-ruler
          compact
          label="Progress of ${job.dataset.name}"
          .done=${job.done}
          .failed=${job.failed}
          .total=${job.total}
        ></progress-ruler>
        <span class="mono small">${formatShare(share)}</span>
      </div>
      <div class="row spread">
        <p class="small quiet">
          ${formatCount(job.done)} of ${formatCount(job.total)} saved, ${formatBytes(job.sizeBytes)} · started
          ${formatWhen(job.createdAt)}
        </p>
        ${
          isUnfinished(job) && job.writable
            ? html`<button type="button" class="primary" @click=${this.#resume}>${icons.play} Resume</button>`
            : html`<a class="button" href=${hrefOf('extract', job.id)}>Open</a>`
        }
      </div>
      ${job.notice ? html`<p class="note signal small">${job.notice}</p>` : ''}
    </article>`;
  }

  #resume(): void {
    this.dispatchEvent(new CustomEvent('resume-job', { detail: this.job.id, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'job-card': JobCard;
  }
}
