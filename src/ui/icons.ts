import { svg, html, type TemplateResult } from 'lit';

/** Line icons on a 16-unit grid, drawn here: nothing is fetched. All are decoration; the text beside them speaks. */
const draw = (paths: TemplateResult): TemplateResult =>
  html`<svg
    aria-hidden="true"
    width="16"
    height="16"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    ${paths}
  </svg>`;

export const icons = {
  folder: draw(svg`<path d="M1.8 12.6V3.8h4.4l1.5 1.8h6.5v7z"/>`),
  file: draw(svg`<path d="M3.5 1.8h5.6l3.4 3.4v9h-9z M9 1.8v3.5h3.5"/>`),
  spark: draw(svg`<path d="M1.5 8h2l1.6-4.5L8 12.5l2.4-7L11.8 8h2.7"/>`),
  play: draw(svg`<path d="M4.5 2.8v10.4L13 8z" fill="currentColor"/>`),
  pause: draw(svg`<path d="M5.2 3v10M10.8 3v10" stroke-width="2.4"/>`),
  stop: draw(svg`<path d="M3.8 3.8h8.4v8.4H3.8z" fill="currentColor"/>`),
  download: draw(svg`<path d="M8 2v8.2M4.6 7 8 10.3 11.4 7M2.5 13.5h11"/>`),
  check: draw(svg`<path d="M2.8 8.5 6.3 12l7-8"/>`),
  shield: draw(
    svg`<path d="M8 1.6 13.2 3.6v4.1c0 3.3-2.2 5.6-5.2 6.8-3-1.2-5.2-3.5-5.2-6.8V3.6z M5.6 8l1.8 1.8 3.1-3.5"/>`,
  ),
  wrench: draw(
    svg`<path d="M13.6 4.2 11.3 6.5 9.5 4.7l2.3-2.3a3.6 3.6 0 0 0-4.7 4.7L2.3 11.9a1.3 1.3 0 0 0 1.8 1.8L8.9 8.9a3.6 3.6 0 0 0 4.7-4.7z"/>`,
  ),
  squeeze: draw(svg`<path d="M8 1.8v4M6 4.2 8 6l2-1.8M8 14.2v-4M6 11.8 8 10l2 1.8M2.5 8h11"/>`),
  trash: draw(svg`<path d="M2.5 4h11M6 4V2.2h4V4M4 4l.7 9.8h6.6L12 4M6.6 6.8v4.4M9.4 6.8v4.4"/>`),
  close: draw(svg`<path d="M3.5 3.5l9 9M12.5 3.5l-9 9"/>`),
  warning: draw(svg`<path d="M8 1.9 14.8 13.8H1.2z M8 6.2v3.6M8 11.8v.1"/>`),
  info: draw(svg`<circle cx="8" cy="8" r="6.2"/><path d="M8 7.4v3.8M8 4.8v.1"/>`),
  sun: draw(
    svg`<circle cx="8" cy="8" r="2.8"/><path d="M8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M12.8 3.2l-1.1 1.1M4.3 11.7l-1.1 1.1"/>`,
  ),
  moon: draw(svg`<path d="M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z"/>`),
  arrow: draw(svg`<path d="M2.5 8h11M9.5 4l4 4-4 4"/>`),
  data: draw(svg`<path d="M2.2 6.2v3.6M5.1 3.4v9.2M8 5.4v5.2M10.9 2.4v11.2M13.8 6.4v3.2"/>`),
  encoder: draw(svg`<path d="M1.8 2.2h12.4M3.4 6h9.2M5 9.8h6M6.6 13.6h2.8"/>`),
  extract: draw(
    svg`<path d="M2 2h4.6v4.6H2zM9.4 2H14v4.6H9.4zM2 9.4h4.6V14H2z" fill="currentColor"/><path d="M9.4 9.4H14V14H9.4z"/>`,
  ),
  train: draw(svg`<path d="M2 2v12h12M4.2 4.4c1.6 5.4 4 6.6 9 7"/>`),
  runs: draw(svg`<path d="M2 2v12h12M5 11V8.4M8.4 11V4.6M11.8 11V6.8" stroke-width="1.7"/>`),
} as const;

/** The mark: the bars of a waveform that become the cells of an embedding. */
export const mark = (size: number): TemplateResult =>
  html`<svg aria-hidden="true" width=${size} height=${size} viewBox="0 0 32 32">
    <g fill="currentColor">
      <rect x="2" y="12" width="3" height="8" rx="1.5" />
      <rect x="7" y="5" width="3" height="22" rx="1.5" />
      <rect x="12" y="9" width="3" height="14" rx="1.5" />
      <rect x="18" y="5" width="5" height="5" rx="1" />
      <rect x="25" y="5" width="5" height="5" rx="1" opacity=".45" />
      <rect x="18" y="13.5" width="5" height="5" rx="1" opacity=".3" />
      <rect x="25" y="13.5" width="5" height="5" rx="1" />
      <rect x="18" y="22" width="5" height="5" rx="1" opacity=".75" />
      <rect x="25" y="22" width="5" height="5" rx="1" opacity=".3" />
    </g>
  </svg>`;
