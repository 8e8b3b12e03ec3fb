import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { CheckpointStatus } from '../../../engine/training-protocol.ts';
import '../../elements/confirm-dialog.ts';
import type { ConfirmDialog } from '../../elements/confirm-dialog.ts';
import { numberField } from '../../elements/number-field.ts';
import { formatBytes, formatCount, formatCounted, formatWhen } from '../../format.ts';
import { icons } from '../../icons.ts';
import { downloadFile } from '../../save-file.ts';
import { controls } from '../../styles/controls.ts';
import { figureTable } from '../../styles/table.ts';
import { formatMetric, metricTitle } from '../../training-draft.ts';
import { isActive, type FullPlayground } from '../../training-model.ts';
import { RunPart } from '../training-view.ts';

const metrics = ['loss', 'accuracy', 'uar', 'macroF1', 'eer'] as const;

/**
 * Checkpoints of a run, newest first, with what can be done with each.
 * @fires resume-from - `CustomEvent<string>` with the checkpoint's name
 */
@customElement('run-checkpoints')
export class RunCheckpoints extends RunPart {
  @state() private list: readonly CheckpointStatus[] = [];
  @state() private keep = 3;
  @query('confirm-dialog') private confirm!: ConfirmDialog;
  #asked = '';

  static override styles = [
    controls,
    figureTable,
    css`
      .scroll {
        overflow: auto;
        max-block-size: 26rem;
      }
      th,
      td {
        text-align: start;
        white-space: nowrap;
      }
      td.mono {
        text-align: end;
      }
      tr.left {
        font-style: italic;
      }
      td button {
        min-block-size: 1.75rem;
        padding-inline: 0.4rem;
        font-size: var(--text-s);
      }
    `,
  ];

  protected override updated(_changed: PropertyValues): void {
    const { id, epoch, state, step, config } = this.run;
    // Checkpoints appear with epochs; inside one they do only when asked for, or when it pauses.
    const key = [
      id,
      epoch,
      state,
      config.checkpointEverySteps === null ? '' : Math.floor(step / config.checkpointEverySteps),
    ].join();
    if (key === this.#asked) return;
    this.#asked = key;
    void this.#list((playground) => playground.checkpoints(id));
  }

  async #list(
    ask: (playground: FullPlayground) => Promise<readonly CheckpointStatus[]>,
    activity = 'Looking at the checkpoints…',
  ): Promise<void> {
    const list = await this.training.run(activity, ask);
    if (list) this.list = list.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || b.step - a.step);
  }

  override render(): TemplateResult {
    const { list } = this;
    const isIdle = !isActive(this.run) && this.run.writable;
    const total = list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return html`<section class="panel stack" aria-labelledby="checkpoints">
      <div class="row spread">
        <h2 id="checkpoints">Checkpoints</h2>
        <p class="small quiet">${formatCounted(list.length, 'checkpoint')}, ${formatBytes(total)}</p>
      </div>
      ${
        list.length === 0
          ? html`<p class="quiet">The first one comes with the end of the first epoch.</p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label="All checkpoints">
              <table>
                <thead>
                  <tr>
                    <th scope="col">epoch</th>
                    <th scope="col">update</th>
                    ${metrics.map((metric) => html`<th scope="col">${metricTitle[metric]}</th>`)}
                    <th scope="col">what it is</th>
                    <th scope="col">size</th>
                    <th scope="col">saved</th>
                    <th scope="col">do</th>
                  </tr>
                </thead>
                <tbody>
                  ${list.map((checkpoint) => this.#row(checkpoint, isIdle))}
                </tbody>
              </table>
            </div>`
      }
      ${
        list.length > 1
          ? html`<div class="row">
              ${numberField({
                label: 'Keep the newest',
                value: this.keep,
                min: 1,
                step: 1,
                change: (keep) => (this.keep = keep ?? 3),
              })}
              <button type="button" ?disabled=${!isIdle} @click=${this.#prune}>${icons.squeeze} Prune</button>
              <span class="small quiet">The last, the best and pinned ones always stay.</span>
            </div>`
          : ''
      }
      <confirm-dialog></confirm-dialog>
    </section>`;
  }

  #row(checkpoint: CheckpointStatus, isIdle: boolean): TemplateResult {
    const { name, epoch, step, endsEpoch, isIntact, isPinned, isLast } = checkpoint;
    const words = `epoch ${epoch}, update ${step}`;
    const { id } = this.run;
    return html`<tr class=${checkpoint.isAbandoned ? 'left' : ''}>
      <td class="mono">${endsEpoch ? formatCount(epoch) : `in ${formatCount(epoch + 1)}`}</td>
      <td class="mono">${formatCount(step)}</td>
      ${metrics.map(
        (metric) => html`<td class="mono">${formatMetric(metric, checkpoint.metrics?.[metric] ?? null)}</td>`,
      )}
      <td>
        ${isLast ? html`<span class="tag accent">last</span>` : ''}
        ${checkpoint.isBest ? html`<span class="tag good">best</span>` : ''}
        ${isPinned ? html`<span class="tag">pinned</span>` : ''}
        ${checkpoint.isAbandoned ? html`<span class="tag signal">branch left</span>` : ''}
        ${isIntact ? '' : html`<span class="tag bad">damaged</span>`}
      </td>
      <td class="mono">${formatBytes(checkpoint.sizeBytes)}</td>
      <td>${formatWhen(checkpoint.createdAt)}</td>
      <td>
        <button
          type="button"
          class="plain"
          ?disabled=${!isIdle || !isIntact}
          aria-label="Go on from ${words}"
          @click=${() =>
            this.dispatchEvent(
              new CustomEvent('resume-from', { detail: name, bubbles: true, composed: true }),
            )}
        >
          Go on
        </button>
        <button
          type="button"
          class="plain"
          aria-label="${isPinned ? 'Unpin' : 'Pin'} ${words}"
          @click=${() => this.#list((playground) => playground.pinCheckpoint(id, name, !isPinned))}
        >
          ${isPinned ? 'Unpin' : 'Pin'}
        </button>
        <button type="button" class="plain" aria-label="Save ${words}" @click=${() => this.#save(name)}>
          ${icons.download}
        </button>
        <button
          type="button"
          class="plain danger"
          ?disabled=${!isIdle}
          aria-label="Delete ${words}"
          @click=${() => this.#delete(checkpoint)}
        >
          ${icons.trash}
        </button>
      </td>
    </tr>`;
  }

  async #save(name: string): Promise<void> {
    const file = await this.training.run('Writing the checkpoint…', (playground) =>
      playground.exportCheckpoint(this.run.id, name),
    );
    if (file) downloadFile(file);
  }

  async #delete({ name, epoch, isLast, isBest }: CheckpointStatus): Promise<void> {
    const weight = isLast
      ? ' It is the last one: the run goes on from the one before.'
      : isBest
        ? ' It is the best one.'
        : '';
    const isSure = await this.confirm.ask({
      title: 'Delete this checkpoint?',
      text: `Epoch ${epoch} of ${this.run.name} cannot be gone on from any more.${weight}`,
      confirm: 'Delete',
    });
    if (isSure) await this.#list((playground) => playground.deleteCheckpoint(this.run.id, name), 'Deleting…');
  }

  async #prune(): Promise<void> {
    const isSure = await this.confirm.ask({
      title: 'Prune the checkpoints?',
      text: `All but the newest ${this.keep}, the best and the pinned ones are deleted.`,
      confirm: 'Prune',
    });
    if (isSure)
      await this.#list(
        (playground) => playground.pruneCheckpoints(this.run.id, { kind: 'last', count: this.keep }),
        'Pruning…',
      );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-checkpoints': RunCheckpoints;
  }
}
