import { css } from 'lit';

/** A table of figures: one line under each row, headings no louder than what stands below them. */
export const figureTable = css`
  table {
    border-collapse: collapse;
    inline-size: 100%;
    font-size: var(--text-s);
  }
  th,
  td {
    padding: 0.3rem 0.5rem;
    border-block-end: 1px solid var(--line);
  }
  th {
    font-weight: 500;
  }
`;
