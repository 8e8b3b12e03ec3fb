import { css } from 'lit';

/** What every element shares: box model, headings, buttons, fields, panels, readings. */
export const controls = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ul,
  ol,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  fieldset {
    border: 0;
    min-inline-size: 0;
  }
  h1 {
    font-size: var(--text-xl);
    line-height: 1.2;
    font-weight: 650;
    letter-spacing: -0.015em;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  h2 {
    font-size: var(--text-l);
    line-height: 1.3;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  h3,
  legend {
    font-size: var(--text-m);
    font-weight: 600;
    padding: 0;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.2em;
  }
  :focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: 2px;
  }
  .quiet {
    color: var(--ink-2);
  }
  .small {
    font-size: var(--text-s);
  }
  .mono {
    font-family: var(--mono);
    font-size: 0.92em;
    font-variant-numeric: tabular-nums;
  }
  .path {
    overflow-wrap: anywhere;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 0.75rem;
    align-items: center;
  }
  .spread {
    justify-content: space-between;
  }
  .stack {
    display: grid;
    gap: 0.75rem;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
  }

  button,
  .button {
    font: inherit;
    font-weight: 500;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.45em;
    min-block-size: 2.375rem;
    padding: 0.3rem 0.9rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    cursor: pointer;
    text-decoration: none;
    transition:
      background-color 0.12s,
      border-color 0.12s;
  }
  button:hover,
  .button:hover {
    border-color: var(--accent);
    background: var(--accent-soft);
  }
  button.primary,
  .button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--accent-ink);
  }
  button.primary:hover,
  .button.primary:hover {
    background: var(--accent-strong);
    border-color: var(--accent-strong);
  }
  button.danger {
    color: var(--bad);
  }
  button.danger:hover {
    border-color: var(--bad);
    background: var(--bad-soft);
  }
  button.large {
    min-block-size: 2.875rem;
    padding-inline: 1.25rem;
    font-size: 1rem;
  }
  button.plain {
    border-color: transparent;
    background: none;
    padding-inline: 0.5rem;
    color: var(--accent);
  }
  button.plain:hover {
    background: var(--accent-soft);
  }
  button.plain.danger {
    color: var(--bad);
  }
  button:disabled {
    cursor: not-allowed;
    color: var(--ink-2);
    background: var(--sunken);
    border-color: var(--line);
  }
  button svg,
  .button svg {
    flex: none;
  }

  input,
  select,
  textarea {
    font: inherit;
    color: var(--ink);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    min-block-size: 2.375rem;
    padding: 0.25rem 0.6rem;
    max-inline-size: 100%;
  }
  ::placeholder {
    color: var(--ink-2);
    opacity: 1;
  }
  input[type='number'] {
    font-variant-numeric: tabular-nums;
    inline-size: 7rem;
  }
  input[type='checkbox'],
  input[type='radio'] {
    min-block-size: 0;
    inline-size: 1.05rem;
    block-size: 1.05rem;
    margin: 0;
    accent-color: var(--accent);
    flex: none;
  }
  input:disabled,
  select:disabled {
    color: var(--ink-2);
    background: var(--sunken);
    border-color: var(--line);
  }
  label.field {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    min-inline-size: 0;
    max-inline-size: 100%;
    gap: 0.25rem;
    font-size: var(--text-s);
    color: var(--ink-2);
    justify-items: start;
  }
  label.field > :is(input, select) {
    font-size: var(--text-m);
  }
  label.check {
    display: flex;
    gap: 0.55rem;
    align-items: center;
    min-block-size: 1.75rem;
    cursor: pointer;
  }

  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    padding: 1rem 1.25rem 1.25rem;
    min-inline-size: 0;
  }
  .panel:not(.stack) > h2 {
    margin-block-end: 0.75rem;
  }
  .view {
    display: grid;
    gap: 1.25rem;
    grid-template-columns: minmax(0, 1fr);
  }
  .view-head {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 1.5rem;
    align-items: end;
    justify-content: space-between;
  }
  .view-head p {
    color: var(--ink-2);
    max-inline-size: 62ch;
    margin-block-start: 0.3rem;
  }

  .readings {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr));
    gap: 0.75rem 1.5rem;
  }
  .readings > div {
    display: flex;
    flex-direction: column-reverse;
    justify-content: flex-end;
    border-block-start: 2px solid var(--line);
    padding-block-start: 0.5rem;
    min-inline-size: 0;
  }
  .readings dt {
    font-size: var(--text-s);
    color: var(--ink-2);
  }
  .readings dd {
    font-family: var(--mono);
    font-size: 1.3rem;
    line-height: 1.35;
    letter-spacing: -0.03em;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  .facts {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.35rem 1.25rem;
  }
  .facts dt {
    color: var(--ink-2);
  }
  .facts dd {
    overflow-wrap: anywhere;
  }
  .tag {
    display: inline-flex;
    align-items: center;
    gap: 0.35em;
    font-size: var(--text-s);
    font-weight: 600;
    border: 1px solid currentcolor;
    border-radius: 99px;
    padding: 0.05rem 0.6rem;
    white-space: nowrap;
  }
  .tag.signal {
    color: var(--signal);
  }
  .tag.bad {
    color: var(--bad);
  }
  .tag.good {
    color: var(--good);
  }
  .tag.accent {
    color: var(--accent);
  }
  .note {
    border-inline-start: 3px solid var(--line-strong);
    padding: 0.15rem 0 0.15rem 0.8rem;
    max-inline-size: 75ch;
  }
  .note.signal {
    border-color: var(--signal-fill);
  }
  .note.bad {
    border-color: var(--bad);
  }
  .note.good {
    border-color: var(--good);
  }
  details > summary {
    cursor: pointer;
    font-weight: 600;
    min-block-size: 2rem;
    align-content: center;
    border-radius: var(--radius);
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (max-width: 34rem) {
    .panel {
      padding: 0.9rem 0.9rem 1rem;
    }
    .facts {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    .facts dd {
      margin-block-end: 0.5rem;
    }
    .readings {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;
