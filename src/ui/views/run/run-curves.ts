import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { RunStatus } from '../../../engine/training-protocol.ts';
import '../../charts/figure-frame.ts';
import '../../charts/line-chart.ts';
import type { LineSeries } from '../../charts/line-chart.ts';
import { controls } from '../../styles/controls.ts';
import { fileStem } from '../../run-words.ts';
import { formatRate, metricTitle } from '../../training-draft.ts';

const shares = ['accuracy', 'uar', 'macroF1', 'eer'] as const;
const percent = (value: number): string => `${Math.round(1000 * value) / 10} %`;

/** Loss, metrics and learning rate of a run, as far as it has come. */
@customElement('run-curves')
export class RunCurves extends LitElement {
  @property({ attribute: false }) run!: RunStatus;

  static override styles = [
    controls,
    css`
      .curves {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
        gap: 1.25rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { run } = this;
    const stem = fileStem(run.name);
    const epochs = run.history.map(({ epoch }) => epoch + 1);
    const steps = run.steps.map(([step]) => step);
    return html`<div class="curves">
      <figure-frame heading="Loss" file-name="${stem}-loss">
        <line-chart
          label="Loss by update"
          .series=${this.#losses(steps)}
          .x=${{ label: 'update', domain: [0, Math.max(1, run.totalSteps)] }}
          .y=${{ label: 'loss' }}
        ></line-chart>
      </figure-frame>
      <figure-frame heading="Validation" file-name="${stem}-metrics">
        <line-chart
          label="Validation metrics by epoch"
          .series=${this.#metrics(epochs)}
          .x=${{ label: 'epoch', domain: [1, Math.max(2, run.epochs)] }}
          .y=${{ label: 'share', domain: [0, 1], format: percent }}
          .marks=${run.best ? [{ x: run.best.epoch + 1, label: `best ${metricTitle[run.best.metric]}` }] : []}
        ></line-chart>
      </figure-frame>
      <figure-frame heading="Learning rate" file-name="${stem}-learning-rate">
        <line-chart
          label="Learning rate by update"
          .height=${200}
          .series=${[{ name: 'learning rate', x: steps, y: run.steps.map(([, , rate]) => rate) }]}
          .x=${{ label: 'update', domain: [0, Math.max(1, run.totalSteps)] }}
          .y=${{ label: 'rate', format: formatRate }}
        ></line-chart>
      </figure-frame>
    </div>`;
  }

  #losses(steps: readonly number[]): readonly LineSeries[] {
    const { history, steps: updates } = this.run;
    const judged = history.filter(({ validation }) => validation !== null);
    return [
      { name: 'batch', x: steps, y: updates.map(([, loss]) => loss), color: 10 },
      {
        name: 'training, epoch mean',
        x: history.map(({ step }) => step),
        y: history.map(({ trainLoss }) => trainLoss),
        color: 0,
        hasDots: true,
      },
      {
        name: 'validation',
        x: judged.map(({ step }) => step),
        y: judged.map(({ validation }) => validation?.loss ?? Number.NaN),
        color: 1,
        hasDots: true,
      },
    ];
  }

  #metrics(epochs: readonly number[]): readonly LineSeries[] {
    const { history } = this.run;
    return [
      ...shares.map((metric, color) => ({
        name: metricTitle[metric],
        x: epochs,
        y: history.map(({ validation }) => validation?.[metric] ?? Number.NaN),
        color,
        hasDots: true,
      })),
      {
        name: 'training accuracy',
        x: epochs,
        y: history.map(({ trainAccuracy }) => trainAccuracy),
        color: 10,
      },
    ];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-curves': RunCurves;
  }
}
