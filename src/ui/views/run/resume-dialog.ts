import { css, html, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { CheckpointStatus, ResumePreview, ResumeRequest } from '../../../engine/training-protocol.ts';
import type { TrainingConfig } from '../../../training/config.ts';
import type { Extension } from '../../../training/schedule.ts';
import '../../charts/line-chart.ts';
import '../../elements/choice-group.ts';
import { numberField } from '../../elements/number-field.ts';
import { valueOf } from '../../event-target.ts';
import { icons } from '../../icons.ts';
import { controls } from '../../styles/controls.ts';
import { dialogFrame } from '../../styles/dialog.ts';
import { formatRate } from '../../training-draft.ts';
import { lossFields } from '../../training-fields/loss-fields.ts';
import { optimizerFields } from '../../training-fields/optimizer-fields.ts';
import { samplerFields } from '../../training-fields/sampler-fields.ts';
import { scheduleFields } from '../../training-fields/schedule-fields.ts';
import { RunPart } from '../training-view.ts';

const extensions = [
  { value: 'keep', title: 'Keep', help: 'the old curve; past its end it stays at its last value' },
  { value: 'stretch', title: 'Stretch', help: 'the same curve over the new length' },
  { value: 'restart', title: 'Restart', help: 'a new curve from here, warmup included' },
];

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Asks from where a run goes on and with which changes; shows old → new and the learning rate ahead before it does. */
@customElement('resume-dialog')
export class ResumeDialog extends RunPart {
  @state() private isOpen = false;
  @state() private checkpoints: readonly CheckpointStatus[] = [];
  @state() private checkpoint: string | null = null;
  @state() private config: TrainingConfig | null = null;
  @state() private extension: Extension = 'keep';
  @state() private preview: ResumePreview | null = null;
  @query('dialog') private dialog!: HTMLDialogElement;
  #asking = 0;

  static override styles = [
    controls,
    dialogFrame,
    css`
      dialog {
        inline-size: min(44rem, calc(100vw - 1rem));
        max-block-size: calc(100vh - 2rem);
      }
      .changes {
        border-collapse: collapse;
        font-size: var(--text-s);
      }
      .changes :is(th, td) {
        text-align: start;
        padding: 0.2rem 0.75rem 0.2rem 0;
        font-weight: 450;
        overflow-wrap: anywhere;
      }
      .end {
        justify-content: flex-end;
      }
    `,
  ];

  /** Opens for one checkpoint; null stands for the last. */
  async open(checkpoint: string | null): Promise<void> {
    this.checkpoint = checkpoint;
    this.config = this.run.config;
    this.extension = 'keep';
    this.preview = null;
    this.isOpen = true;
    await this.updateComplete;
    this.dialog.showModal();
    this.checkpoints =
      (await this.training.run('Looking at the checkpoints…', (playground) =>
        playground.checkpoints(this.run.id),
      )) ?? [];
    await this.#look();
  }

  #request(): ResumeRequest {
    const { config, run, checkpoint } = this;
    const changed = Object.fromEntries(
      Object.entries(config ?? {}).filter(
        ([key, value]) =>
          key !== 'epochs' &&
          JSON.stringify(value) !== JSON.stringify(run.config[key as keyof TrainingConfig]),
      ),
    ) as Partial<TrainingConfig>;
    const isLonger = config !== null && config.epochs !== run.config.epochs;
    return {
      ...(checkpoint === null ? {} : { checkpoint }),
      ...(isLonger ? { epochs: config.epochs, extension: this.extension } : {}),
      ...(Object.keys(changed).length > 0 ? { changes: changed } : {}),
    };
  }

  async #look(): Promise<void> {
    const asking = (this.#asking += 1);
    const preview = await this.training.run('Looking ahead…', (playground) =>
      playground.previewResume(this.run.id, this.#request()),
    );
    if (asking === this.#asking) this.preview = preview;
  }

  #configure = (change: Partial<TrainingConfig>): void => {
    if (this.config) this.config = { ...this.config, ...change };
    void this.#look();
  };

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @close=${() => (this.isOpen = false)}>
      ${this.isOpen && this.config ? this.#form(this.config) : ''}
    </dialog>`;
  }

  #form(config: TrainingConfig): TemplateResult {
    const { preview, run } = this;
    const points = preview?.learningRate ?? [];
    const refusals = preview?.refusals ?? [];
    const last = this.checkpoints.find(({ isLast }) => isLast);
    const isIdle = points.length > 1 && points.every(([, rate]) => rate === 0);
    const isEarlier = this.checkpoint !== null && this.checkpoint !== last?.name;
    return html`<div class="stack">
      <h2 id="title">Go on with ${run.name}</h2>
      <div class="row">
        <label class="field"
          >From checkpoint
          <select
            @change=${(event: Event) => {
              this.checkpoint = valueOf(event) || null;
              void this.#look();
            }}
          >
            <option value="" ?selected=${this.checkpoint === null}>the last</option>
            ${this.checkpoints
              .filter(({ isIntact }) => isIntact)
              .map(
                ({ name, epoch, step, isBest, isAbandoned }) =>
                  html`<option value=${name} ?selected=${name === this.checkpoint}>
                    epoch ${epoch}, update
                    ${step}${isBest ? ', best' : ''}${isAbandoned ? ', branch left' : ''}
                  </option>`,
              )}
          </select>
        </label>
        ${numberField({
          label: 'Epochs in all',
          value: config.epochs,
          min: 1,
          step: 1,
          change: (epochs) => this.#configure({ epochs: epochs ?? run.config.epochs }),
        })}
        ${numberField({
          label: 'Batch size',
          value: config.batchSize,
          min: 1,
          step: 1,
          change: (batchSize) => this.#configure({ batchSize: batchSize ?? run.config.batchSize }),
        })}
      </div>
      ${
        isEarlier
          ? html`<p class="note signal small">
              The history is cut here. What came after stays as a branch that can be gone back to.
            </p>`
          : ''
      }
      ${
        config.epochs === run.config.epochs
          ? ''
          : html`<choice-group
              legend="The target moves; the schedule shall"
              .choices=${extensions}
              .value=${this.extension}
              @choose=${(event: CustomEvent<Extension>) => {
                this.extension = event.detail;
                void this.#look();
              }}
            ></choice-group>`
      }
      <details>
        <summary>Change settings</summary>
        <div class="stack">
          ${optimizerFields(config, this.#configure)} ${scheduleFields(config, this.#configure)}
          ${lossFields(config, this.#configure)} ${samplerFields(config, run.classes, this.#configure)}
        </div>
      </details>
      <div role="status" class="stack">
        ${
          isIdle
            ? html`<p class="note signal">
                The learning rate ahead is 0: the old curve has ended, so nothing would be learned. Stretch or
                restart it.
              </p>`
            : ''
        }
        ${preview ? this.#changes(preview) : html`<p class="small quiet">Looking ahead…</p>`}
        ${refusals.map((refusal) => html`<p class="note bad">${refusal}</p>`)}
      </div>
      ${
        points.length > 1
          ? html`<line-chart
              label="Learning rate ahead, by update"
              .height=${150}
              .series=${[
                {
                  name: 'learning rate ahead',
                  x: points.map(([step]) => step),
                  y: points.map(([, rate]) => rate),
                },
              ]}
              .x=${{ label: 'update' }}
              .y=${{ label: 'rate', format: formatRate }}
            ></line-chart>`
          : ''
      }
      <div class="row end">
        <button type="button" @click=${() => this.dialog.close()}>Cancel</button>
        <button
          type="button"
          class="primary"
          ?disabled=${preview === null || refusals.length > 0}
          @click=${this.#resume}
        >
          ${icons.play} Go on
        </button>
      </div>
    </div>`;
  }

  #changes({ changes }: ResumePreview): TemplateResult {
    if (changes.length === 0)
      return html`<p class="note good small">
        Nothing changes: the run goes on as if it had never stopped.
      </p>`;
    return html`<table class="changes">
      <caption class="visually-hidden">
        Changes
      </caption>
      <thead>
        <tr>
          <th scope="col">setting</th>
          <th scope="col">old</th>
          <th scope="col">new</th>
        </tr>
      </thead>
      <tbody>
        ${changes.map(
          ({ path, from, to }) =>
            html`<tr>
              <th scope="row" class="mono">${path}</th>
              <td class="mono">${shown(from)}</td>
              <td class="mono"><strong>${shown(to)}</strong></td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  async #resume(): Promise<void> {
    const request = this.#request();
    this.dialog.close();
    await this.training.act('Resuming…', (playground) => playground.resumeRun(this.run.id, request));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'resume-dialog': ResumeDialog;
  }
}
