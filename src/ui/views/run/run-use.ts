import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Prediction } from '../../../engine/training-protocol.ts';
import '../../charts/attention-wave.ts';
import '../../charts/bar-figure.ts';
import '../../charts/figure-frame.ts';
import { inputOf } from '../../event-target.ts';
import { icons } from '../../icons.ts';
import { decodeForPicture, Recorder, type DecodedAudio } from '../../recorder.ts';
import { fileStem } from '../../run-words.ts';
import { controls } from '../../styles/controls.ts';
import { RunPart } from '../training-view.ts';

/** Ask the head about a recording: drop a file or speak, and see the probabilities. */
@customElement('run-use')
export class RunUse extends RunPart {
  @state() private prediction: Prediction | null = null;
  @state() private audio: DecodedAudio | null = null;
  /** Name of what was asked about. */
  @state() private asked = '';
  @state() private recorder: Recorder | null = null;
  /** While the browser asks whether the microphone may be used. */
  @state() private isAsking = false;
  @state() private isOver = false;

  static override styles = [
    controls,
    css`
      .drop {
        border: 2px dashed var(--line-strong);
        border-radius: var(--radius-l);
        padding: 1.25rem;
        display: grid;
        gap: 0.75rem;
        justify-items: start;
      }
      .drop.over {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .recording {
        color: var(--bad);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    void this.recorder?.discard();
    this.recorder = null;
  }

  override render(): TemplateResult {
    const { run, prediction } = this;
    if (run.history.length === 0)
      return html`<p class="note">The head can be asked once its first epoch is finished.</p>`;
    if (run.source.kind === 'file')
      return html`<p class="note">
        This head learned from an <span class="mono">.npz</span>: which encoder made those embeddings is not
        known here, so a recording cannot be encoded the same way. <strong>Export run</strong> holds a Python
        file that scores an <span class="mono">.npz</span>.
      </p>`;
    return html`<div class="view">
      <section class="panel stack" aria-labelledby="ask">
        <h2 id="ask">Ask the head</h2>
        <div
          class="drop ${this.isOver ? 'over' : ''}"
          @dragover=${() => (this.isOver = true)}
          @dragleave=${() => (this.isOver = false)}
          @drop=${this.#onDrop}
        >
          <p>Drop a recording here, choose one, or speak. It is encoded with ${run.source.encoder}.</p>
          <div class="row">
            <label class="field"
              >Recording
              <input
                type="file"
                accept="audio/*,.wav,.flac,.mp3,.ogg,.m4a"
                data-testid="use-input"
                @change=${(event: Event) => {
                  const [file] = inputOf(event).files ?? [];
                  if (file) void this.#askFile(file);
                }}
              />
            </label>
            <button
              type="button"
              aria-pressed=${this.recorder ? 'true' : 'false'}
              ?disabled=${this.isAsking}
              @click=${this.#record}
            >
              ${this.recorder ? icons.stop : icons.spark}
              ${this.recorder ? 'Stop and ask' : 'Record from the microphone'}
            </button>
            ${this.recorder ? html`<span class="recording" role="status">recording…</span>` : ''}
          </div>
        </div>
      </section>
      ${prediction ? this.#answer(prediction) : ''}
    </div>`;
  }

  #answer({ classes, probabilities, weights }: Prediction): TemplateResult {
    const stem = `${fileStem(this.run.name)}-${fileStem(this.asked)}`;
    const bars = classes.map((name, index) => ({ name, value: probabilities[index] ?? 0 }));
    const top = bars.reduce((best, each) => (each.value > best.value ? each : best));
    const isFrames = this.run.config.head.kind === 'attention';
    return html`<p class="note good" role="status">
        ${this.asked}: <strong>${top.name}</strong>, ${(100 * top.value).toFixed(1)} %
      </p>
      <figure-frame heading="Probabilities" file-name="${stem}-probabilities">
        <bar-figure .bars=${bars} quantity="probability"></bar-figure>
      </figure-frame>
      ${
        weights && !isFrames
          ? html`<figure-frame heading="Weights of the layers" file-name="${stem}-layers">
              <bar-figure
                .bars=${Array.from(weights, (value, index) => ({ name: `layer ${this.#layerAt(index)}`, value }))}
                quantity="weight"
              ></bar-figure>
            </figure-frame>`
          : ''
      }
      ${
        this.audio
          ? html`<figure-frame
              heading=${isFrames ? 'Where the head listened' : 'What was asked about'}
              file-name="${stem}-waveform"
            >
              <attention-wave
                .samples=${this.audio.samples}
                .sampleRate=${this.audio.sampleRate}
                .weights=${isFrames && weights ? weights : new Float32Array()}
              ></attention-wave>
            </figure-frame>`
          : ''
      }`;
  }

  /** Number of the encoder's layer that stands at this place among the kept ones. */
  #layerAt(place: number): number {
    const job = this.app.jobs.find(({ id }) => id === this.run.source.id);
    return job?.settings.layers[place] ?? place;
  }

  #onDrop(event: DragEvent): void {
    this.isOver = false;
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    // Tells the shell that this drop is taken: elsewhere it would be opened as a dataset.
    event.preventDefault();
    void this.#askFile(file);
  }

  async #askFile(file: File): Promise<void> {
    const prediction = await this.training.run(`Encoding ${file.name}…`, (playground) =>
      playground.predict(this.run.id, file),
    );
    if (!prediction) return;
    this.asked = file.name;
    this.prediction = prediction;
    // The picture is an extra: what the browser cannot play by itself (some FLAC, AIFF) goes without one.
    this.audio = await decodeForPicture(file).catch(() => null);
  }

  async #record(): Promise<void> {
    const { recorder } = this;
    if (!recorder) {
      this.isAsking = true;
      const started = await this.training.run('Asking for the microphone…', () => Recorder.start());
      this.isAsking = false;
      // Who has left the page meanwhile is not listened to.
      if (this.isConnected) this.recorder = started;
      else await started?.discard();
      return;
    }
    this.recorder = null;
    const audio = await this.training.run('Reading the recording…', () => recorder.stop());
    if (!audio) return;
    const prediction = await this.training.run('Encoding what was said…', (playground) =>
      playground.predict(this.run.id, audio),
    );
    if (!prediction) return;
    this.asked = 'recording';
    this.audio = audio;
    this.prediction = prediction;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-use': RunUse;
  }
}
