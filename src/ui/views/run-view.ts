import { css, html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { RunStatus } from '../../engine/training-protocol.ts';
import '../elements/confirm-dialog.ts';
import type { ConfirmDialog } from '../elements/confirm-dialog.ts';
import '../elements/progress-ruler.ts';
import { formatCount, formatShare, formatWhen } from '../format.ts';
import { icons } from '../icons.ts';
import { hrefOf } from '../route.ts';
import { runProgress, runStateTone, runStateWords, splitWords } from '../run-words.ts';
import { downloadFile } from '../save-file.ts';
import { controls } from '../styles/controls.ts';
import { configInWords, formatMetric, metricTitle } from '../training-draft.ts';
import { isActive } from '../training-model.ts';
import './run/resume-dialog.ts';
import type { ResumeDialog } from './run/resume-dialog.ts';
import './run/run-checkpoints.ts';
import './run/run-curves.ts';
import './run/run-map.ts';
import './run/run-results.ts';
import './run/run-use.ts';
import { TrainingView } from './training-view.ts';

const tabs = [
  { key: 'training', title: 'Training' },
  { key: 'results', title: 'Results' },
  { key: 'map', title: 'Map' },
  { key: 'use', title: 'Use it' },
] as const;
type TabKey = (typeof tabs)[number]['key'];

/** One run while it trains and afterwards. */
@customElement('run-view')
export class RunView extends TrainingView {
  @property({ attribute: 'run-id' }) runId = '';
  /** Which part of the run is shown: the third part of the address. */
  @property() tab = '';
  @query('confirm-dialog') private confirm!: ConfirmDialog;
  @query('resume-dialog') private resumeDialog!: ResumeDialog;

  static override styles = [
    controls,
    css`
      .tabs {
        display: flex;
        gap: 0.25rem;
        border-block-end: 1px solid var(--line);
        overflow-x: auto;
      }
      .tabs button {
        border: 0;
        border-block-end: 3px solid transparent;
        border-radius: 0;
        background: none;
        white-space: nowrap;
      }
      .tabs button[aria-selected='true'] {
        border-block-end-color: var(--accent);
        color: var(--accent);
        font-weight: 650;
      }
    `,
  ];

  #shownTab(): TabKey {
    return tabs.find(({ key }) => key === this.tab)?.key ?? 'training';
  }

  override render(): TemplateResult {
    const run = this.state.runs.find(({ id }) => id === this.runId);
    return html`${run ? this.#run(run) : this.#unknown()}<confirm-dialog></confirm-dialog>`;
  }

  #unknown(): TemplateResult {
    return html`<header class="view-head">
      <div>
        <h1>${this.state.ready ? 'This run is not here' : 'Looking for the run…'}</h1>
        <p>
          ${this.state.ready ? 'It was removed, or it lies in another browser or profile.' : ''}
          <a href=${hrefOf('runs')}>All runs</a>
        </p>
      </div>
    </header>`;
  }

  #run(run: RunStatus): TemplateResult {
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>${run.name}</h1>
          <p>${configInWords(run.config)}</p>
        </div>
        <div class="row">${this.#actions(run)}</div>
      </header>
      ${
        run.writable
          ? ''
          : html`<p class="note signal">
              <strong>Another tab is training this run.</strong> This one watches live and changes nothing;
              close the other to take over.
            </p>`
      }
      ${run.notice ? html`<p class="note ${run.state === 'failed' ? 'bad' : 'signal'}" role="status">${run.notice}</p>` : ''}
      ${
        run.notices.length > 0
          ? html`<ul class="stack">
              ${run.notices.map((notice) => html`<li class="note small">${notice}</li>`)}
            </ul>`
          : ''
      }
      <div class="tabs" role="tablist" aria-label="About this run" @keydown=${this.#onKey}>
        ${tabs.map(
          ({ key, title }) =>
            html`<button
              type="button"
              role="tab"
              id="tab-${key}"
              aria-controls="panel"
              aria-selected=${key === this.#shownTab() ? 'true' : 'false'}
              tabindex=${key === this.#shownTab() ? 0 : -1}
              @click=${() => this.#show(key)}
            >
              ${title}
            </button>`,
        )}
      </div>
      <div class="view" id="panel" role="tabpanel" aria-labelledby="tab-${this.#shownTab()}">
        ${this.#panel(run)}
      </div>
      <resume-dialog
        .model=${this.model}
        .app=${this.app}
        .training=${this.training}
        .state=${this.state}
        .run=${run}
      ></resume-dialog>
    </div>`;
  }

  #show(tab: TabKey): void {
    this.tab = tab;
    // The address keeps the tab, without a step in the history for each.
    history.replaceState(null, '', `${hrefOf('runs', this.runId)}/${tab}`);
  }

  #onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex(({ key }) => key === this.#shownTab());
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    this.#show(next.key);
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`#tab-${next.key}`)?.focus(),
    );
  }

  #panel(run: RunStatus): TemplateResult {
    const { model, app, training, state } = this;
    if (this.#shownTab() === 'results')
      return html`<run-results
        .model=${model}
        .app=${app}
        .training=${training}
        .state=${state}
        .run=${run}
      ></run-results>`;
    if (this.#shownTab() === 'map')
      return html`<run-map
        .model=${model}
        .app=${app}
        .training=${training}
        .state=${state}
        .run=${run}
      ></run-map>`;
    if (this.#shownTab() === 'use')
      return html`<run-use
        .model=${model}
        .app=${app}
        .training=${training}
        .state=${state}
        .run=${run}
      ></run-use>`;
    return html`${this.#progress(run)}
      <run-curves .run=${run}></run-curves>
      <run-checkpoints
        .model=${model}
        .app=${app}
        .training=${training}
        .state=${state}
        .run=${run}
        @resume-from=${(event: CustomEvent<string>) => this.resumeDialog.open(event.detail)}
      ></run-checkpoints>`;
  }

  #actions(run: RunStatus): TemplateResult {
    const { training } = this;
    const isIdle = !isActive(run) && run.writable;
    const isDone = run.step >= run.totalSteps && run.state === 'finished';
    return html`
      <span class="tag ${runStateTone[run.state]}">${runStateWords[run.state]}</span>
      ${
        isActive(run) && run.writable
          ? html`
              <button
                type="button"
                @click=${() => training.act('Pausing…', (playground) => playground.pauseRun(run.id))}
              >
                ${icons.pause} Pause
              </button>
              <button
                type="button"
                @click=${() => training.act('Stopping…', (playground) => playground.stopRun(run.id))}
              >
                ${icons.stop} Stop
              </button>
            `
          : ''
      }
      ${
        isIdle && !isDone
          ? html`<button
              type="button"
              class="primary"
              @click=${() => training.act('Resuming…', (playground) => playground.resumeRun(run.id))}
            >
              ${icons.play} Resume
            </button>`
          : ''
      }
      ${
        isIdle
          ? html`<button type="button" @click=${() => this.resumeDialog.open(null)}>
                ${isDone ? 'Train longer…' : 'Resume with changes…'}
              </button>
              <button type="button" @click=${() => this.#export(run)}>${icons.download} Export run</button>
              <button type="button" class="danger" @click=${() => this.#remove(run)}>
                ${icons.trash} Remove
              </button>`
          : ''
      }
    `;
  }

  #progress(run: RunStatus): TemplateResult {
    const { counts, best } = run;
    return html`<section class="panel stack" aria-label="Progress">
      <p class="small quiet">
        ${run.source.name}${run.source.encoder ? ` × ${run.source.encoder}` : ''} · predicts the ${run.target}
        · split ${splitWords(run.split)} · ${run.device} · started ${formatWhen(run.createdAt)}
        ${
          run.parent
            ? html`· from <a href=${hrefOf('runs', run.parent.run)}>another run</a>, ${run.parent.checkpoint}`
            : ''
        }
      </p>
      <progress-ruler label="Updates done" .done=${run.step} .total=${run.totalSteps}></progress-ruler>
      <dl class="readings">
        <div>
          <dt>done</dt>
          <dd>${formatShare(runProgress(run))}</dd>
        </div>
        <div>
          <dt>epochs</dt>
          <dd>${formatCount(run.epoch)} / ${formatCount(run.epochs)}</dd>
        </div>
        <div>
          <dt>updates</dt>
          <dd>${formatCount(run.step)}</dd>
        </div>
        <div>
          <dt>best ${metricTitle[run.config.selectBy]}${best ? `, epoch ${best.epoch + 1}` : ''}</dt>
          <dd>${best ? formatMetric(best.metric, best.score) : '–'}</dd>
        </div>
        <div>
          <dt>train / validation / test</dt>
          <dd>
            ${formatCount(counts.train)} / ${formatCount(counts.validation)} / ${formatCount(counts.test)}
          </dd>
        </div>
      </dl>
    </section>`;
  }

  async #export(run: RunStatus): Promise<void> {
    const file = await this.training.run('Packing the run…', (playground) => playground.exportRun(run.id));
    if (file) downloadFile(file);
  }

  async #remove(run: RunStatus): Promise<void> {
    const isSure = await this.confirm.ask({
      title: 'Remove this run?',
      text: `${run.name}: its history and all of its checkpoints will be deleted from this browser. The embeddings stay. Export first if you need the model.`,
      confirm: 'Remove',
    });
    if (!isSure) return;
    await this.training.run('Removing…', (playground) => playground.removeRun(run.id));
    this.goTo('runs');
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-view': RunView;
  }
}
