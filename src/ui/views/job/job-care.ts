import { css, html, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import '../../elements/confirm-dialog.ts';
import type { ConfirmDialog } from '../../elements/confirm-dialog.ts';
import { formatBytes, formatCounted } from '../../format.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { damagedShards, JobPart } from './job-part.ts';

/** What keeps an extraction sound: verify, repair, compact, remove. */
@customElement('job-care')
export class JobCare extends JobPart {
  /** Result of the last verify or compact, as a sentence. */
  @state() private outcome = '';
  @query('confirm-dialog') private confirm!: ConfirmDialog;
  #shownId = '';

  static override styles = [
    controls,
    css`
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

  protected override willUpdate(): void {
    if (this.job.id !== this.#shownId) this.outcome = '';
    this.#shownId = this.job.id;
  }

  override render(): TemplateResult {
    const { job } = this;
    const isIdle = job.state !== 'running' && job.state !== 'queued' && job.writable;
    const damaged = damagedShards(job);
    return html`<section class="panel stack" aria-labelledby="care">
        <h2 id="care">Care</h2>
        <p role="status" class=${this.outcome ? 'note good' : 'visually-hidden'}>${this.outcome}</p>
        <ul class="care">
          <li>
            <button type="button" @click=${this.#verify}>${icons.shield} Verify</button>
            <span class="small quiet">Reads every shard back and compares its digest.</span>
          </li>
          <li>
            <button type="button" ?disabled=${!job.writable || damaged === 0} @click=${() => this.repair()}>
              ${icons.wrench} Repair${damaged > 0 ? ` ${formatCounted(damaged, 'shard')}` : ''}
            </button>
            <span class="small quiet">Computes damaged shards again, and only these.</span>
          </li>
          <li>
            <button type="button" ?disabled=${!isIdle} @click=${this.#compact}>
              ${icons.squeeze} Compact
            </button>
            <span class="small quiet">Frees what superseded records still occupy.</span>
          </li>
          <li>
            <button type="button" class="danger" ?disabled=${!isIdle} @click=${this.#remove}>
              ${icons.trash} Remove
            </button>
            <span class="small quiet">Deletes the extraction and frees ${formatBytes(job.sizeBytes)}.</span>
          </li>
        </ul>
      </section>
      <confirm-dialog></confirm-dialog>`;
  }

  #verify = async (): Promise<void> => {
    const { id } = this.job;
    const report = await this.model.run('Verifying every shard…', () => this.model.playground.verify(id));
    if (report && this.job.id === id) this.outcome = report.summary;
  };

  #compact = async (): Promise<void> => {
    const { id } = this.job;
    const report = await this.model.run('Compacting…', () => this.model.playground.compact(id));
    if (report && this.job.id === id) this.outcome = `Compacted: ${formatBytes(report.freedBytes)} freed.`;
  };

  #remove = async (): Promise<void> => {
    const { id, dataset, encoder, done, sizeBytes } = this.job;
    const isSure = await this.confirm.ask({
      title: 'Remove this extraction?',
      text: `${dataset.name} × ${encoder.name}: ${formatCounted(done, 'embedding')} (${formatBytes(sizeBytes)}) will be deleted from this browser. Your recordings stay untouched. Export first if you need the embeddings.`,
      confirm: 'Remove',
    });
    if (!isSure) return;
    await this.model.run('Removing…', () => this.model.playground.remove(id));
    this.goTo('extract');
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'job-care': JobCare;
  }
}
