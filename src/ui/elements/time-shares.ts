import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { StageTotals } from '../../engine/extraction/stage-timings.ts';
import { formatDuration, formatShare } from '../format.ts';
import { controls } from '../styles/controls.ts';

const stages = [
  { key: 'encodeMs', title: 'encoder computing', color: 'var(--accent)' },
  { key: 'waitMs', title: 'waiting for audio', color: 'var(--signal-fill)' },
  { key: 'poolMs', title: 'pooling', color: 'var(--series-3)' },
  { key: 'commitWaitMs', title: 'saving', color: 'var(--series-5)' },
] as const;

/** Seconds that the engine was busy, all stages after each other. */
export const busySec = (timings: StageTotals): number =>
  stages.reduce((sum, { key }) => sum + timings[key], 0) / 1000;

/** Where an extraction's time went: one bar, one line a stage. */
@customElement('time-shares')
export class TimeShares extends LitElement {
  @property({ attribute: false }) timings!: StageTotals;

  static override styles = [
    controls,
    css`
      .bar {
        display: flex;
        gap: 2px;
        block-size: 0.9rem;
        border-radius: 3px;
        overflow: hidden;
        margin-block-end: 0.6rem;
      }
      li {
        display: grid;
        grid-template-columns: 0.8rem minmax(0, 1fr) auto;
        gap: 0.6rem;
        align-items: center;
        font-size: var(--text-s);
        padding-block: 0.12rem;
      }
      .swatch {
        inline-size: 0.8rem;
        block-size: 0.8rem;
        border-radius: 2px;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { timings } = this;
    const total = busySec(timings);
    if (total === 0) return nothing;
    const beside = (timings.decodeMs + timings.resampleMs + timings.augmentMs) / 1000;
    return html`<div class="bar" aria-hidden="true">
        ${stages.map(
          ({ key, color }) =>
            html`<span .style=${`background: ${color}; flex: ${timings[key] / 1000 / total} 1 0`}></span>`,
        )}
      </div>
      <ul>
        ${stages.map(
          ({ key, title, color }) =>
            html`<li>
              <span class="swatch" .style=${`background: ${color}`}></span>
              <span>${title}</span>
              <span class="mono"
                >${formatDuration(timings[key] / 1000)}, ${formatShare(timings[key] / 1000 / total)}</span
              >
            </li>`,
        )}
        <li>
          <span></span>
          <span class="quiet">decoding and resampling, beside it in other threads</span>
          <span class="mono quiet">${formatDuration(beside)}</span>
        </li>
      </ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'time-shares': TimeShares;
  }
}
