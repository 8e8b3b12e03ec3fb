import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { icons } from '../icons.ts';
import { downloadFile } from '../save-file.ts';
import { controls } from '../styles/controls.ts';
import { isFigure, pngOf } from './export-figure.ts';

/**
 * A chart with its title and the buttons that save it: PNG, SVG and CSV. The chart is the slotted element.
 * @slot - one element that is a `Figure`
 * @slot note - words below the chart
 */
@customElement('figure-frame')
export class FigureFrame extends LitElement {
  @property() heading = '';
  /** Beginning of the saved files' names. */
  @property({ attribute: 'file-name' }) fileName = 'figure';

  static override styles = [
    controls,
    css`
      figure {
        display: grid;
        gap: 0.6rem;
        grid-template-columns: minmax(0, 1fr);
      }
      .save {
        display: flex;
        gap: 0;
      }
      .save button {
        min-block-size: 1.75rem;
        padding-inline: 0.45rem;
        font-size: var(--text-s);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<figure class="panel" aria-label=${this.heading}>
      <div class="row spread">
        <h2>${this.heading}</h2>
        <div class="save" role="group" aria-label="Save ${this.heading}">
          ${(['PNG', 'SVG', 'CSV'] as const).map(
            (format) =>
              html`<button type="button" class="plain" @click=${() => this.#save(format)}>
                ${format === 'PNG' ? icons.download : ''} ${format}
              </button>`,
          )}
        </div>
      </div>
      <slot></slot>
      <slot name="note"></slot>
    </figure>`;
  }

  async #save(format: 'PNG' | 'SVG' | 'CSV'): Promise<void> {
    const chart = Array.from(this.children).find(isFigure);
    if (!chart) return;
    const part =
      format === 'PNG' ? await pngOf(chart.toSvg()) : format === 'SVG' ? chart.toSvg() : chart.toCsv();
    const type = { PNG: 'image/png', SVG: 'image/svg+xml', CSV: 'text/csv' }[format];
    downloadFile(new File([part], `${this.fileName}.${format.toLowerCase()}`, { type }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'figure-frame': FigureFrame;
  }
}
