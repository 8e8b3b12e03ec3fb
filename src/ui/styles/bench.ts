import { css } from 'lit';

/** Settings at the left and what will come of them beside, in sight while they are changed; under each other where it is narrow. */
export const bench = css`
  .bench {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(17rem, 22rem);
    gap: 1.25rem;
    align-items: start;
  }
  .outcome {
    grid-column: 2;
    grid-row: 1;
    position: sticky;
    inset-block-start: 1rem;
    border-color: var(--accent);
  }
  .outcome > button {
    inline-size: 100%;
  }
  @media (max-width: 68rem) {
    .bench {
      grid-template-columns: minmax(0, 1fr);
    }
    .outcome {
      grid-column: 1;
      position: static;
    }
  }
`;
