import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { JobStatus } from '../../../engine/protocol.ts';
import { formatCounted } from '../../format.ts';
import { icons } from '../../icons.ts';
import { exportName, isUnfinished, stateTone, stateWords } from '../../job-words.ts';
import { downloadFile, pickSaveTarget } from '../../save-file.ts';
import { controls } from '../../styles/controls.ts';
import { damagedShards, JobPart } from './job-part.ts';

/** How an extraction stands, and what can be done with it next. */
@customElement('job-actions')
export class JobActions extends JobPart {
  static override styles = [controls];

  override render(): TemplateResult {
    const { job } = this;
    const { playground } = this.model;
    const act = (activity: string, action: () => Promise<JobStatus>) => () => this.#act(activity, action);
    const isRunning = job.state === 'running' || job.state === 'queued';
    const damaged = damagedShards(job);
    return html`<div class="row">
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
          ? html`<button type="button" class="primary" @click=${() => this.repair()}>
              ${icons.wrench} Repair ${formatCounted(damaged, 'shard')}
            </button>`
          : isUnfinished(job) && job.writable
            ? html`<button type="button" class="primary" @click=${() => this.askToResume(job)}>
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
    </div>`;
  }

  async #act(activity: string, action: () => Promise<JobStatus>): Promise<void> {
    const job = await this.model.run(activity, action);
    if (job) this.model.receiveJob(job);
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
}

declare global {
  interface HTMLElementTagNameMap {
    'job-actions': JobActions;
  }
}
