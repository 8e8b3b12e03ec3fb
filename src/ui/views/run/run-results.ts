import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { CheckpointStatus, EvaluationResult } from '../../../engine/training-protocol.ts';
import '../../charts/bar-figure.ts';
import '../../charts/confusion-matrix.ts';
import type { ConfusionCell } from '../../charts/confusion-matrix.ts';
import '../../charts/figure-frame.ts';
import '../../elements/class-report.ts';
import { valueOf } from '../../event-target.ts';
import { formatCount, formatCounted } from '../../format.ts';
import { fileStem } from '../../run-words.ts';
import { controls } from '../../styles/controls.ts';
import { formatMetric, metricTitle } from '../../training-draft.ts';
import './clip-list.ts';
import './detection-figure.ts';
import { rowsOf } from './evaluation-words.ts';
import { RunPart } from '../training-view.ts';

const parts = ['validation', 'test', 'train'] as const;
const metrics = ['accuracy', 'uar', 'macroF1', 'eer', 'loss'] as const;

/** A checkpoint judged on one part of the split: figures, confusion, report, detection curves, clips behind a cell. */
@customElement('run-results')
export class RunResults extends RunPart {
  @state() private judged: EvaluationResult['part'] = 'validation';
  /** Null stands for the best. */
  @state() private checkpoint: string | null = null;
  @state() private checkpoints: readonly CheckpointStatus[] = [];
  @state() private result: EvaluationResult | null = null;
  @state() private isBusy = false;
  @state() private chosen: ConfusionCell | null = null;
  #asked = '';

  static override styles = [
    controls,
    css`
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      .pair.many {
        grid-template-columns: minmax(0, 1fr);
      }
    `,
  ];

  protected override updated(_changed: PropertyValues): void {
    const key = [this.run.id, this.judged, this.checkpoint].join();
    if (key === this.#asked || this.run.history.length === 0) return;
    this.#asked = key;
    void this.#evaluate(key);
  }

  async #evaluate(key: string): Promise<void> {
    this.isBusy = true;
    this.chosen = null;
    const checkpoint = this.checkpoint ?? this.run.best?.checkpoint;
    const answer = await this.training.run('Judging the checkpoint…', async (playground) => ({
      checkpoints: await playground.checkpoints(this.run.id),
      result: await playground.evaluate(this.run.id, {
        split: this.judged,
        ...(checkpoint === undefined ? {} : { checkpoint }),
      }),
    }));
    if (key !== this.#asked) return;
    this.isBusy = false;
    this.result = answer?.result ?? null;
    this.checkpoints = answer?.checkpoints ?? this.checkpoints;
  }

  override render(): TemplateResult {
    if (this.run.history.length === 0)
      return html`<p class="note">Results come with the first finished epoch.</p>`;
    return html`<div class="view">
      <section class="panel stack" aria-label="Figures">
        <div class="row">
          <label class="field"
            >Judged on
            <select @change=${(event: Event) => (this.judged = valueOf(event) as EvaluationResult['part'])}>
              ${parts
                .filter((part) => this.run.counts[part] > 0)
                .map(
                  (part) =>
                    html`<option value=${part} ?selected=${part === this.judged}>
                      ${part}, ${formatCounted(this.run.counts[part], 'clip')}
                    </option>`,
                )}
            </select>
          </label>
          <label class="field"
            >Checkpoint
            <select @change=${(event: Event) => (this.checkpoint = valueOf(event) || null)}>
              <option value="" ?selected=${this.checkpoint === null}>the best</option>
              ${this.checkpoints
                .filter(({ isIntact }) => isIntact)
                .map(
                  ({ name, epoch, step, isLast }) =>
                    html`<option value=${name} ?selected=${name === this.checkpoint}>
                      epoch ${epoch}, update ${step}${isLast ? ', last' : ''}
                    </option>`,
                )}
            </select>
          </label>
          <span class="small quiet" role="status">${this.isBusy ? 'judging…' : ''}</span>
        </div>
        ${
          this.judged === 'test'
            ? html`<p class="small quiet">
                The best checkpoint was chosen on validation; the test part had no say in it.
              </p>`
            : ''
        }
        ${this.result ? this.#readings(this.result) : ''}
      </section>
      ${this.result ? this.#pictures(this.result) : ''}
    </div>`;
  }

  #readings({ summary, count }: EvaluationResult): TemplateResult {
    return html`<dl class="readings">
      ${metrics.map(
        (metric) =>
          html`<div>
            <dt>${metricTitle[metric]}</dt>
            <dd>${formatMetric(metric, summary[metric])}</dd>
          </div>`,
      )}
      <div>
        <dt>clips</dt>
        <dd>${formatCount(count)}</dd>
      </div>
    </dl>`;
  }

  #pictures(result: EvaluationResult): TemplateResult {
    const stem = `${fileStem(this.run.name)}-${result.part}`;
    const { classes, chosen } = { classes: result.classes, chosen: this.chosen };
    return html`<div class="pair ${classes.length > 7 ? 'many' : ''}">
        <figure-frame heading="Confusion matrix" file-name="${stem}-confusion">
          <confusion-matrix
            .labels=${classes}
            .counts=${rowsOf(result.confusion, classes.length)}
            .chosen=${chosen}
            @cell-chosen=${(event: CustomEvent<ConfusionCell>) => (this.chosen = event.detail)}
          ></confusion-matrix>
          <p slot="note" class="small quiet">Choose a cell to hear the clips behind it.</p>
        </figure-frame>
        <class-report .result=${result} file-name="${stem}-report"></class-report>
      </div>
      ${chosen ? this.#behind(result, chosen) : ''}
      ${
        result.layerWeights
          ? html`<figure-frame heading="Weights of the layers" file-name="${stem}-layers">
              <bar-figure
                .bars=${result.layerWeights.map((value, place) => ({ name: `layer ${this.#layerAt(place)}`, value }))}
                quantity="weight"
              ></bar-figure>
            </figure-frame>`
          : ''
      }
      <detection-figure .result=${result} file-name=${stem}></detection-figure>`;
  }

  /** Number of the encoder's layer that stands at this place among the kept ones. */
  #layerAt(place: number): number {
    const job = this.app.jobs.find(({ id }) => id === this.run.source.id);
    return job?.settings.layers[place] ?? place;
  }

  #behind(result: EvaluationResult, { truth, predicted }: ConfusionCell): TemplateResult {
    const name = (index: number): string => result.classes[index] ?? String(index);
    const clips = result.examples
      .filter((example) => example.truth === truth && example.prediction === predicted)
      .toSorted((a, b) => b.confidence - a.confidence)
      .map(({ path, confidence }) => ({ path, truth: name(truth), prediction: name(predicted), confidence }));
    return html`<clip-list
      .model=${this.model}
      .app=${this.app}
      .training=${this.training}
      .state=${this.state}
      .run=${this.run}
      .clips=${clips}
      heading="Labelled ${name(truth)}, predicted ${name(predicted)}"
    ></clip-list>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-results': RunResults;
  }
}
