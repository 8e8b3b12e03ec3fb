import { css, html, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { JobStatus } from '../../engine/protocol.ts';
import '../elements/code-snippet.ts';
import '../elements/confirm-dialog.ts';
import type { ConfirmDialog } from '../elements/confirm-dialog.ts';
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
import { icons } from '../icons.ts';
import {
  errorTitle,
  exportName,
  isUnfinished,
  newestFirst,
  progressOf,
  stateTone,
  stateWords,
} from '../job-words.ts';
import { pythonSnippet } from '../python-snippet.ts';
import { hrefOf } from '../route.ts';
import { downloadFile, pickSaveTarget } from '../save-file.ts';
import { controls } from '../styles/controls.ts';
import { WiredView } from './wired-view.ts';
import { valueOf } from '../event-target.ts';

const damagedShards = ({ shards }: JobStatus): number =>
  shards.filter(({ state }) => state === 'damaged' || state === 'failed').length;

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
  /** Result of the last verify, repair or compact, as a sentence. */
  @state() private outcome = '';
  @state() private comparedId = '';
  @state() private differences: readonly string[] = [];
  @query('confirm-dialog') private confirm!: ConfirmDialog;

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
      .care {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 12.5rem), 1fr));
        gap: 0.9rem 1.5rem;
      }
      .care > li {
        display: grid;
        gap: 0.35rem;
        justify-items: start;
        align-content: start;
      }
    `,
  ];

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('jobId')) {
      this.outcome = '';
      this.comparedId = '';
      this.differences = [];
    }
  }

  override render(): TemplateResult {
    const job = this.app.jobs.find(({ id }) => id === this.jobId);
    return html`${job ? this.#monitor(job) : this.#unknown()}<confirm-dialog></confirm-dialog>`;
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
        <div class="row">${this.#actions(job)}</div>
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
      ${this.#python(job)} ${this.#care(job)} ${this.#compare(job)}
    </div>`;
  }

  #actions(job: JobStatus): TemplateResult {
    const { playground } = this.model;
    const act = (activity: string, action: () => Promise<JobStatus>) => () => this.#act(activity, action);
    const isRunning = job.state === 'running' || job.state === 'queued';
    const damaged = damagedShards(job);
    return html`
      <span class="tag ${stateTone[job.state]}">${stateWords[job.state]}</span>
      ${
        isRunning && job.writable
          ? html`
              <button type="button" @click=${act('Pausing…', () => playground.pause(job.id))}>
                ${icons.pause} Pause
              </button>
              <button type="button" @click=${act('Stopping…', () => playground.stop(job.id))}>
                ${icons.stop} Stop
              </button>
            `
          : ''
      }
      ${
        damaged > 0 && !isRunning && job.writable
          ? html`<button type="button" class="primary" @click=${() => this.#repair(job)}>
              ${icons.wrench} Repair ${formatCounted(damaged, 'shard')}
            </button>`
          : isUnfinished(job) && job.writable
            ? html`<button type="button" class="primary" @click=${() => this.#resume(job)}>
                ${icons.play} Resume
              </button>`
            : ''
      }
      ${
        job.done > 0
          ? html`<button
              type="button"
              class=${job.state === 'finished' ? 'primary' : ''}
              @click=${() => this.#export(job)}
            >
              ${icons.download} ${job.state === 'finished' ? 'Export .npz' : 'Export partial .npz'}
            </button>`
          : ''
      }
    `;
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

  #care(job: JobStatus): TemplateResult {
    const isIdle = job.state !== 'running' && job.state !== 'queued' && job.writable;
    const damaged = damagedShards(job);
    return html`<section class="panel stack" aria-labelledby="care">
      <h2 id="care">Care</h2>
      <p role="status" class=${this.outcome ? 'note good' : 'visually-hidden'}>${this.outcome}</p>
      <ul class="care">
        <li>
          <button type="button" @click=${() => this.#verify(job)}>${icons.shield} Verify</button>
          <span class="small quiet">Reads every shard back and compares its digest.</span>
        </li>
        <li>
          <button type="button" ?disabled=${!job.writable || damaged === 0} @click=${() => this.#repair(job)}>
            ${icons.wrench} Repair${damaged > 0 ? ` ${formatCounted(damaged, 'shard')}` : ''}
          </button>
          <span class="small quiet">Computes damaged shards again, and only these.</span>
        </li>
        <li>
          <button type="button" ?disabled=${!isIdle} @click=${() => this.#compact(job)}>
            ${icons.squeeze} Compact
          </button>
          <span class="small quiet">Frees what superseded records still occupy.</span>
        </li>
        <li>
          <button type="button" class="danger" ?disabled=${!isIdle} @click=${() => this.#remove(job)}>
            ${icons.trash} Remove
          </button>
          <span class="small quiet">Deletes the extraction and frees ${formatBytes(job.sizeBytes)}.</span>
        </li>
      </ul>
    </section>`;
  }

  #compare(job: JobStatus): TemplateResult | string {
    const others = newestFirst(this.app.jobs).filter(({ id }) => id !== job.id);
    if (others.length === 0) return '';
    return html`<section class="panel stack" aria-labelledby="compare">
      <h2 id="compare">Beside another extraction</h2>
      <label class="field"
        >Compare with
        <select @change=${(event: Event) => this.#showDifference(job, valueOf(event))}>
          <option value="" ?selected=${this.comparedId === ''}>choose one</option>
          ${others.map(
            (other) =>
              html`<option value=${other.id} ?selected=${other.id === this.comparedId}>
                ${other.dataset.name} × ${other.encoder.name}, ${formatWhen(other.createdAt)}
              </option>`,
          )}
        </select>
      </label>
      ${
        this.comparedId === ''
          ? ''
          : html`<ul class="stack">
              ${
                this.differences.length === 0
                  ? html`<li class="quiet">They give the same numbers.</li>`
                  : this.differences.map((difference) => html`<li class="note">${difference}</li>`)
              }
            </ul>`
      }
    </section>`;
  }

  async #act(activity: string, action: () => Promise<JobStatus>): Promise<void> {
    const job = await this.model.run(activity, action);
    if (job) this.model.receiveJob(job);
  }

  #resume(job: JobStatus): void {
    this.dispatchEvent(new CustomEvent('resume-job', { detail: job.id, bubbles: true, composed: true }));
  }

  async #verify(job: JobStatus): Promise<void> {
    const report = await this.model.run('Verifying every shard…', () => this.model.playground.verify(job.id));
    if (report) this.outcome = report.summary;
  }

  async #repair(job: JobStatus): Promise<void> {
    const marked = await this.model.run('Repairing…', () => this.model.playground.repair(job.id));
    if (!marked) return;
    this.model.receiveJob(marked);
    // Repair marks what is to be redone; resuming does it.
    if (marked.state !== 'running') this.#resume(marked);
  }

  async #compact(job: JobStatus): Promise<void> {
    const report = await this.model.run('Compacting…', () => this.model.playground.compact(job.id));
    if (report) this.outcome = `Compacted: ${formatBytes(report.freedBytes)} freed.`;
  }

  async #remove(job: JobStatus): Promise<void> {
    const isSure = await this.confirm.ask({
      title: 'Remove this extraction?',
      text: `${job.dataset.name} × ${job.encoder.name}: ${formatCounted(job.done, 'embedding')} (${formatBytes(job.sizeBytes)}) will be deleted from this browser. Your recordings stay untouched. Export first if you need the embeddings.`,
      confirm: 'Remove',
    });
    if (!isSure) return;
    await this.model.run('Removing…', () => this.model.playground.remove(job.id));
    this.goTo('extract');
  }

  async #export(job: JobStatus): Promise<void> {
    const { playground } = this.model;
    await this.model.run('Writing the .npz file…', async () => {
      const target = await pickSaveTarget(exportName(job));
      if (target) {
        await playground.saveEmbeddings(job.id, target);
        this.model.notify('info', `Saved ${target.name}. numpy.load(…, allow_pickle=False) reads it.`);
      } else downloadFile(await playground.exportEmbeddings(job.id, { format: 'npz' }));
    });
  }

  async #saveShard(job: JobStatus, name: string): Promise<void> {
    await this.model.run('Writing the shard…', async () =>
      downloadFile(await this.model.playground.exportShard(job.id, name)),
    );
  }

  async #showDifference(job: JobStatus, otherId: string): Promise<void> {
    this.comparedId = otherId;
    this.differences = [];
    if (otherId === '') return;
    const differences = await this.model.run('Comparing…', () =>
      this.model.playground.difference(otherId, job.id),
    );
    if (differences && this.comparedId === otherId) this.differences = differences;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'job-view': JobView;
  }
}
