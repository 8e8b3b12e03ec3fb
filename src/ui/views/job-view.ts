import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { JobStatus } from '../../engine/protocol.ts';
import '../elements/code-snippet.ts';
import '../elements/device-panel.ts';
import '../elements/progress-ruler.ts';
import '../elements/shard-map.ts';
import { busySec } from '../elements/time-shares.ts';
import { settingsInWords } from '../extraction-draft.ts';
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatNumber,
  formatRemaining,
  formatShare,
  formatWhen,
} from '../format.ts';
import { errorTitle, exportName, isUnfinished, progressOf } from '../job-words.ts';
import { pythonSnippet } from '../python-snippet.ts';
import { hrefOf } from '../route.ts';
import { downloadFile } from '../save-file.ts';
import { controls } from '../styles/controls.ts';
import './job/job-actions.ts';
import './job/job-care.ts';
import './job/job-compare.ts';
import { WiredView } from './wired-view.ts';

/** The present pace while it runs, the pace of the whole session's work afterwards. */
function realTime({ timesRealTime, timings }: JobStatus): string {
  const busy = busySec(timings);
  const pace = timesRealTime ?? (busy > 0 ? timings.audioSec / busy : null);
  return pace === null ? '–' : `${formatNumber(pace, 1)} ×`;
}

/** One extraction while it runs and afterwards: how far, how fast, what is saved, and what can be done with it. */
@customElement('job-view')
export class JobView extends WiredView {
  @property({ attribute: 'job-id' }) jobId = '';

  static override styles = [
    controls,
    css`
      .columns {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      .share {
        font-family: var(--mono);
        font-size: clamp(2rem, 1.4rem + 2.4vw, 3rem);
        line-height: 1;
        letter-spacing: -0.05em;
      }
      .failures {
        max-block-size: 18rem;
        overflow: auto;
      }
      .failures li {
        padding-block: 0.45rem;
        border-block-end: 1px solid var(--line);
        font-size: var(--text-s);
      }
    `,
  ];

  override render(): TemplateResult {
    const job = this.app.jobs.find(({ id }) => id === this.jobId);
    return job ? this.#monitor(job) : this.#unknown();
  }

  #unknown(): TemplateResult {
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>${this.app.ready ? 'This extraction is not here' : 'Looking for the extraction…'}</h1>
          <p>
            ${this.app.ready ? 'It was removed, or it lies in another browser or profile.' : ''}
            <a href=${hrefOf('extract')}>All extractions</a>
          </p>
        </div>
      </header>
    </div>`;
  }

  #monitor(job: JobStatus): TemplateResult {
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>${job.dataset.name} × ${job.encoder.name}</h1>
          <p>${settingsInWords(job.settings)}</p>
        </div>
        <job-actions .model=${this.model} .app=${this.app} .job=${job}></job-actions>
      </header>
      ${
        job.writable
          ? ''
          : html`<p class="note signal">
              <strong>Another tab is working on this extraction.</strong> This one watches live and changes
              nothing; close the other to take over.
            </p>`
      }
      ${job.notice ? html`<p class="note ${job.state === 'failed' ? 'bad' : 'signal'}" role="status">${job.notice}</p>` : ''}
      ${this.#away(job)} ${this.#progress(job)}

      <section class="panel" aria-labelledby="shards">
        <h2 id="shards">Shards</h2>
        <shard-map
          .shards=${job.shards}
          @save-shard=${(event: CustomEvent<string>) => this.#saveShard(job, event.detail)}
        ></shard-map>
      </section>

      <div class="columns">
        <device-panel
          .device=${this.app.device}
          .choice=${this.app.deviceChoice}
          .storage=${this.app.storage}
          @choose-device=${(event: CustomEvent<typeof this.app.deviceChoice>) =>
            this.model.useDevice(event.detail)}
        ></device-panel>
        <div class="view">${this.#failures(job)} ${this.#timings(job)}</div>
      </div>
      ${this.#python(job)}
      <job-care .model=${this.model} .app=${this.app} .job=${job}></job-care>
      ${
        this.app.jobs.length > 1
          ? html`<job-compare .model=${this.model} .app=${this.app} .job=${job}></job-compare>`
          : ''
      }
    </div>`;
  }

  #away(job: JobStatus): TemplateResult | string {
    const dataset = this.app.datasets.find(({ id }) => id === job.dataset.id);
    if (!isUnfinished(job) || dataset?.filesAvailable) return '';
    return html`<p class="note">
      To go on, the recordings are needed: <strong>Resume</strong> reopens the folder where the browser
      remembers it. Otherwise drop the same folder on this page again; it is recognised.
    </p>`;
  }

  #progress(job: JobStatus): TemplateResult {
    const left = Math.max(0, job.total - job.done - job.failed);
    return html`<section class="panel stack" aria-label="Progress">
      <div class="row spread">
        <p class="share" aria-hidden="true">${formatShare(progressOf(job))}</p>
        <p class="small quiet">
          started ${formatWhen(job.createdAt)} · id <span class="mono">${job.id.slice(0, 12)}</span>
        </p>
      </div>
      <progress-ruler
        label="Clips done"
        .done=${job.done}
        .failed=${job.failed}
        .total=${job.total}
      ></progress-ruler>
      <dl class="readings">
        <div>
          <dt>clips done</dt>
          <dd>${formatCount(job.done)}</dd>
        </div>
        <div>
          <dt>failed</dt>
          <dd>${formatCount(job.failed)}</dd>
        </div>
        <div>
          <dt>left</dt>
          <dd>${formatCount(left)}</dd>
        </div>
        <div>
          <dt>time left</dt>
          <dd>${job.remainingSec === null ? '–' : formatRemaining(job.remainingSec)}</dd>
        </div>
        <div>
          <dt>real time</dt>
          <dd>${realTime(job)}</dd>
        </div>
        <div>
          <dt>saved</dt>
          <dd>${formatBytes(job.sizeBytes)}</dd>
        </div>
      </dl>
    </section>`;
  }

  #timings({ timings }: JobStatus): TemplateResult | string {
    if (busySec(timings) === 0) return '';
    return html`<section class="panel stack" aria-labelledby="timings">
      <h2 id="timings">Where the time goes</h2>
      <time-shares .timings=${timings}></time-shares>
    </section>`;
  }

  #failures(job: JobStatus): TemplateResult {
    return html`<section class="panel stack" aria-labelledby="failures">
      <h2 id="failures">Clips set aside</h2>
      ${
        job.failures.length === 0
          ? html`<p class="quiet">None so far: every clip that was reached has its embedding.</p>`
          : html`<p class="small quiet">
                ${formatCounted(job.failed, 'clip')} could not be embedded; the rest goes on.
                ${
                  job.writable && job.state !== 'running' && job.state !== 'queued'
                    ? html`<button
                        type="button"
                        @click=${() => this.model.resume(job.id, { retryFailed: true })}
                      >
                        Try again
                      </button>`
                    : ''
                }
              </p>
              <ul class="failures" tabindex="0" aria-label="Clips set aside">
                ${job.failures.map(
                  ({ path, errorName, reason }) =>
                    html`<li>
                      <span class="mono path">${path}</span><br />
                      <strong>${errorTitle(errorName)}.</strong> <span class="quiet">${reason}</span>
                    </li>`,
                )}
              </ul>`
      }
    </section>`;
  }

  #python(job: JobStatus): TemplateResult | string {
    if (job.done === 0) return '';
    return html`<section class="panel stack" aria-labelledby="python">
      <h2 id="python">Use it in Python</h2>
      <code-snippet label="Python code" .code=${pythonSnippet(job, exportName(job))}></code-snippet>
    </section>`;
  }

  async #saveShard(job: JobStatus, name: string): Promise<void> {
    await this.model.run('Writing the shard…', async () =>
      downloadFile(await this.model.playground.exportShard(job.id, name)),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'job-view': JobView;
  }
}
