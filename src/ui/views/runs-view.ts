import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { RunStatus } from '../../engine/training-protocol.ts';
import type { MetricName } from '../../training/metrics/evaluation.ts';
import '../charts/figure-frame.ts';
import '../charts/line-chart.ts';
import type { LineSeries } from '../charts/line-chart.ts';
import { inputOf, valueOf } from '../event-target.ts';
import { formatCount, formatShare, formatWhen } from '../format.ts';
import { icons } from '../icons.ts';
import { hrefOf } from '../route.ts';
import { runProgress, runStateTone, runStateWords } from '../run-words.ts';
import { controls } from '../styles/controls.ts';
import { figureTable } from '../styles/table.ts';
import { configInWords, formatMetric, metricTitle } from '../training-draft.ts';
import { newestRunFirst } from '../training-model.ts';
import './runs/import-checkpoint.ts';
import { TrainingView } from './training-view.ts';

const columns = ['accuracy', 'uar', 'macroF1', 'eer', 'loss'] as const;

const bestRecord = ({ history, best }: RunStatus) =>
  history.find(({ epoch }) => epoch === best?.epoch)?.validation ?? history.at(-1)?.validation ?? null;

/** Every run beside the others: a table of figures, and the curves of those that are ticked over each other. */
@customElement('runs-view')
export class RunsView extends TrainingView {
  @state() private unticked: ReadonlySet<string> = new Set();
  @state() private metric: MetricName | 'trainLoss' = 'uar';

  static override styles = [
    controls,
    figureTable,
    css`
      .scroll {
        overflow: auto;
      }
      th,
      td {
        padding: 0.4rem 0.6rem;
        text-align: start;
        vertical-align: top;
      }
      th[scope='row'] {
        min-inline-size: 14rem;
      }
      td.mono {
        text-align: end;
        white-space: nowrap;
      }
      td.best {
        font-weight: 700;
        color: var(--good);
      }
      .swatch {
        display: inline-block;
        inline-size: 0.7rem;
        block-size: 0.7rem;
        border-radius: 2px;
        margin-inline-end: 0.4rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const runs = newestRunFirst(this.state.runs);
    return html`<div class="view">
      <header class="view-head">
        <div>
          <h1>Runs</h1>
          <p>Every training so far, its figures on the validation part at the best epoch.</p>
        </div>
        <a class="button primary" href=${hrefOf('train')}>${icons.train} New run</a>
      </header>
      ${
        runs.length === 0
          ? html`<p class="note">
              ${this.state.ready ? 'No run yet.' : 'Looking…'} <a href=${hrefOf('train')}>Train one</a> on an
              extraction or on an <span class="mono">.npz</span>.
            </p>`
          : html`${this.#table(runs)} ${this.#curves(runs)}`
      }
      <import-checkpoint
        .model=${this.model}
        .app=${this.app}
        .training=${this.training}
        .state=${this.state}
      ></import-checkpoint>
    </div>`;
  }

  #table(runs: readonly RunStatus[]): TemplateResult {
    const figures = runs.map(bestRecord);
    const top = columns.map((metric) => {
      const values = figures.flatMap((record) => record?.[metric] ?? []);
      return metric === 'eer' || metric === 'loss' ? Math.min(...values) : Math.max(...values);
    });
    return html`<section class="panel stack" aria-labelledby="table">
      <h2 id="table">Compared</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Runs compared">
        <table>
          <thead>
            <tr>
              <th scope="col">draw</th>
              <th scope="col">run</th>
              <th scope="col">state</th>
              <th scope="col">epochs</th>
              ${columns.map((metric) => html`<th scope="col">${metricTitle[metric]}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${runs.map(
              (run, row) =>
                html`<tr>
                  <td>
                    <input
                      type="checkbox"
                      aria-label="Draw ${run.name}"
                      .checked=${!this.unticked.has(run.id)}
                      @change=${(event: Event) => this.#tick(run.id, inputOf(event).checked)}
                    />
                  </td>
                  <th scope="row">
                    <span
                      class="swatch"
                      aria-hidden="true"
                      .style=${`background: var(--series-${(row % 12) + 1})`}
                    ></span
                    ><a href=${hrefOf('runs', run.id)}>${run.name}</a>
                    <div class="quiet">${configInWords(run.config)}</div>
                    <div class="quiet">
                      ${run.source.name}${run.source.encoder ? ` × ${run.source.encoder}` : ''},
                      ${run.target}, ${formatWhen(run.createdAt)}
                    </div>
                  </th>
                  <td>
                    <span class="tag ${runStateTone[run.state]}"
                      >${runStateWords[run.state]}${run.state === 'running' ? ` ${formatShare(runProgress(run))}` : ''}</span
                    >
                  </td>
                  <td class="mono">${formatCount(run.epoch)} / ${formatCount(run.epochs)}</td>
                  ${columns.map((metric, column) => {
                    const value = figures[row]?.[metric] ?? null;
                    return html`<td
                      class="mono ${value !== null && value === top[column] && runs.length > 1 ? 'best' : ''}"
                    >
                      ${formatMetric(metric, value)}
                    </td>`;
                  })}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  #tick(id: string, isTicked: boolean): void {
    const next = new Set(this.unticked);
    if (isTicked) next.delete(id);
    else next.add(id);
    this.unticked = next;
  }

  #curves(runs: readonly RunStatus[]): TemplateResult {
    const { metric } = this;
    const series: readonly LineSeries[] = runs.flatMap((run, row) =>
      this.unticked.has(run.id)
        ? []
        : [
            {
              name: runs.some((other) => other !== run && other.name === run.name)
                ? `${run.name} (${run.id.slice(0, 4)})`
                : run.name,
              x: run.history.map(({ epoch }) => epoch + 1),
              y: run.history.map((record) =>
                metric === 'trainLoss' ? record.trainLoss : (record.validation?.[metric] ?? Number.NaN),
              ),
              color: row % 12,
              hasDots: true,
            },
          ],
    );
    return html`<figure-frame heading="Curves over each other" file-name="runs-${metric}">
      <line-chart
        label="Runs by epoch"
        .height=${320}
        .series=${series}
        .x=${{ label: 'epoch' }}
        .y=${{ label: metric === 'trainLoss' ? 'training loss' : metricTitle[metric] }}
      ></line-chart>
      <label class="field" slot="note"
        >Show
        <select @change=${(event: Event) => (this.metric = valueOf(event) as MetricName | 'trainLoss')}>
          ${Object.entries({ ...metricTitle, trainLoss: 'training loss' }).map(
            ([name, title]) =>
              html`<option value=${name} ?selected=${name === metric}>
                ${name === 'trainLoss' ? title : `validation ${title}`}
              </option>`,
          )}
        </select>
      </label>
    </figure-frame>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'runs-view': RunsView;
  }
}
