import { LitElement, css, html, svg, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';
import { ThemeController } from '../theme.ts';
import { csvText, svgDocument, type Figure } from './export-figure.ts';
import { readPalette } from './palette.ts';
import { WidthController } from './width.ts';

const height = 150;

/** A waveform with the weight of each frame behind it: where the head listened. */
@customElement('attention-wave')
export class AttentionWave extends LitElement implements Figure {
  @property({ attribute: false }) samples = new Float32Array();
  @property({ type: Number }) sampleRate = 16_000;
  /** `[T]`, sums to 1; frames lie evenly over the clip. Empty draws the waveform alone. */
  @property({ attribute: false }) weights: Float32Array = new Float32Array();
  @query('svg') private picture!: SVGSVGElement;
  #theme = new ThemeController(this);
  #width = new WidthController(this);

  static override styles = [
    controls,
    css`
      svg {
        display: block;
        inline-size: 100%;
      }
    `,
  ];

  override render(): TemplateResult {
    void this.#theme;
    const width = Math.max(200, this.#width.value);
    const palette = readPalette(this);
    const { weights } = this;
    const top = Math.max(...weights, Number.MIN_VALUE);
    const seconds = this.samples.length / this.sampleRate;
    const column = width / Math.max(1, weights.length);
    return html`<svg
      role="img"
      aria-label="Waveform of ${seconds.toFixed(2)} seconds${weights.length > 0 ? ` with the weights of ${weights.length} frames` : ''}"
      viewBox="0 0 ${width} ${height + 18}"
    >
      ${Array.from(
        weights,
        (weight, frame) =>
          svg`<rect x=${frame * column} y="0" width=${column + 0.3} height=${height} fill=${palette.signal} fill-opacity=${(0.75 * weight) / top} />`,
      )}
      <path d=${this.#outline(width)} fill=${palette.accent}></path>
      ${[0, 0.25, 0.5, 0.75, 1].map(
        (share) =>
          svg`<text x=${Math.min(width - 34, share * width)} y=${height + 14} font-size="11" fill=${palette.quiet}>${(share * seconds).toFixed(2)} s</text>`,
      )}
    </svg>`;
  }

  /** Lowest and highest sample of each pixel column, down one side and back along the other. */
  #outline(width: number): string {
    const { samples } = this;
    const columns = Math.max(1, Math.min(width, samples.length));
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-4);
    const upper: string[] = [];
    const lower: string[] = [];
    for (let at = 0; at < columns; at += 1) {
      const piece = samples.subarray(
        Math.floor((at * samples.length) / columns),
        Math.ceil(((at + 1) * samples.length) / columns),
      );
      let [low, high] = [0, 0];
      for (const sample of piece) {
        low = Math.min(low, sample);
        high = Math.max(high, sample);
      }
      const x = ((at * width) / columns).toFixed(1);
      upper.push(`${x} ${(height / 2 - (0.46 * height * high) / peak - 0.4).toFixed(1)}`);
      lower.push(`${x} ${(height / 2 - (0.46 * height * low) / peak + 0.4).toFixed(1)}`);
    }
    return `M${upper.join('L')}L${lower.toReversed().join('L')}Z`;
  }

  toSvg(): string {
    return svgDocument(this.picture, readPalette(this).surface);
  }

  toCsv(): string {
    const seconds = this.samples.length / this.sampleRate;
    return csvText([
      ['frame', 'centre_sec', 'weight'],
      ...Array.from(this.weights, (weight, frame) => [
        frame,
        ((frame + 0.5) * seconds) / this.weights.length,
        weight,
      ]),
    ]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'attention-wave': AttentionWave;
  }
}
