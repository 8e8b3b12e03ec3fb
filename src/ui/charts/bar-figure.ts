import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';
import { csvText, type Figure } from './export-figure.ts';
import { readPalette } from './palette.ts';

export interface BarEntry {
  readonly name: string;
  readonly value: number;
}

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Shares of 1 as horizontal bars with their numbers: probabilities of classes, weights of layers. */
@customElement('bar-figure')
export class BarFigure extends LitElement implements Figure {
  @property({ attribute: false }) bars: readonly BarEntry[] = [];
  /** What the numbers are: heading of the second column. */
  @property() quantity = 'share';

  static override styles = [
    controls,
    css`
      table {
        inline-size: 100%;
        border-collapse: collapse;
        font-size: var(--text-s);
      }
      th {
        font-weight: 500;
        text-align: end;
        padding-inline-end: 0.6rem;
        max-inline-size: 10rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      td {
        padding: 0.15rem 0;
      }
      td.bar {
        inline-size: 70%;
      }
      .fill {
        block-size: 1.1rem;
        min-inline-size: 1px;
        background: var(--accent);
        border-radius: 2px;
      }
      td.mono {
        text-align: end;
        padding-inline-start: 0.6rem;
      }
      tr.top {
        font-weight: 700;
      }
    `,
  ];

  override render(): TemplateResult {
    const top = Math.max(...this.bars.map(({ value }) => value));
    return html`<table>
      <caption class="visually-hidden">
        ${this.quantity}
      </caption>
      <tbody>
        ${this.bars.map(
          ({ name, value }) =>
            html`<tr class=${value === top ? 'top' : ''}>
              <th scope="row" title=${name}>${name}</th>
              <td class="bar" aria-hidden="true">
                <div class="fill" .style=${`inline-size: ${100 * Math.min(1, Math.max(0, value))}%`}></div>
              </td>
              <td class="mono">${(100 * value).toFixed(1)} %</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  toSvg(): string {
    const { ink, surface, accent } = readPalette(this);
    const [width, row] = [640, 24];
    const rows = this.bars.map(({ name, value }, index) => {
      const y = 8 + index * row;
      return `<text x="140" y="${y + 15}" text-anchor="end">${escapeText(name)}</text><rect x="150" y="${y + 3}" width="${(400 * Math.min(1, Math.max(0, value))).toFixed(1)}" height="${row - 8}" fill="${accent}"/><text x="560" y="${y + 15}">${(100 * value).toFixed(1)} %</text>`;
    });
    const height = 16 + row * this.bars.length;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${ink}"><rect width="100%" height="100%" fill="${surface}"/>${rows.join('')}</svg>`;
  }

  toCsv(): string {
    return csvText([['name', this.quantity], ...this.bars.map(({ name, value }) => [name, value])]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'bar-figure': BarFigure;
  }
}
