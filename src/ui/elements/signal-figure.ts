import { LitElement, css, html, svg, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { controls } from '../styles/controls.ts';

const barCount = 46;
const columns = 16;
const rows = 9;

/** A speech-like envelope: syllables of uneven length with a pause between two phrases; made, not recorded. */
const barHeight = (index: number): number => {
  const time = index / barCount;
  const syllables = Math.abs(Math.sin(time * 19 + 2.2 * Math.sin(time * 7)));
  const pause = 1 - Math.exp(-(((time - 0.56) * 14) ** 2));
  const ends = Math.sin(Math.PI * (0.03 + 0.94 * time)) ** 0.6;
  return 4 + 92 * syllables * pause * ends * (0.55 + 0.45 * Math.sin(index * 2.39) ** 2);
};

const cellOpacity = (column: number, row: number): number => {
  const value = Math.sin(column * 12.9898 + row * 78.233) * 43758.5453;
  const noise = value - Math.floor(value);
  return 0.08 + 0.92 * noise ** 2;
};

/** What the app does in one picture: a waveform on the left that leaves as a matrix on the right. */
@customElement('signal-figure')
export class SignalFigure extends LitElement {
  /** True while something is held over the page. */
  @property({ type: Boolean, reflect: true }) active = false;

  static override styles = [
    controls,
    css`
      svg {
        display: block;
        inline-size: 100%;
        block-size: auto;
        color: var(--accent);
      }
      .axis {
        stroke: var(--line-strong);
      }
      text {
        font: 10px var(--mono);
        fill: var(--ink-2);
      }
      .bars rect {
        transform-box: fill-box;
        transform-origin: center;
      }
      :host([active]) .bars rect {
        animation: speak 0.7s ease-in-out infinite alternate;
      }
      :host([active]) .bars rect:nth-child(3n) {
        animation-delay: -0.25s;
      }
      :host([active]) .bars rect:nth-child(3n + 1) {
        animation-delay: -0.5s;
      }
      @keyframes speak {
        from {
          transform: scaleY(0.35);
        }
      }
      @media (prefers-reduced-motion: reduce) {
        :host([active]) .bars rect {
          animation: none;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 640 131" aria-hidden="true">
      <g class="bars" fill="currentColor">
        ${Array.from({ length: barCount }, (_, index) => {
          const height = barHeight(index);
          return svg`<rect x=${2 + index * 6.4} y=${54 - height / 2} width="3.4" height=${height} rx="1.7" />`;
        })}
      </g>
      <g class="axis" stroke-width="1" fill="none">
        <path d="M312 54h44M350 49l6 5-6 5" />
        <path d="M2 112h294M2 109v6M100 109v6M198 109v6M296 109v6" />
        <path d="M376 112h262M376 109v6M638 109v6" />
      </g>
      <g fill="currentColor">
        ${Array.from({ length: columns * rows }, (_, index) => {
          const column = index % columns;
          const row = Math.floor(index / columns);
          return svg`<rect x=${376 + column * 16.4} y=${5 + row * 11} width="14" height="8.6" rx="1.5" opacity=${cellOpacity(column, row)} />`;
        })}
      </g>
      <text x="2" y="126">recordings</text>
      <text x="376" y="126">embeddings, one row a clip</text>
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'signal-figure': SignalFigure;
  }
}
