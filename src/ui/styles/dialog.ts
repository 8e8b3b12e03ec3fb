import { css } from 'lit';

/** The frame of a modal `dialog`; its width is its own affair. */
export const dialogFrame = css`
  dialog {
    background: var(--surface);
    color: var(--ink);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-l);
    box-shadow: var(--shadow);
    padding: 1.25rem;
  }
  dialog::backdrop {
    background: rgb(6 14 12 / 55%);
  }
`;
