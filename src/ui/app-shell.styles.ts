import { css } from 'lit';
import { controls } from './styles/controls.ts';

/** A rail with the stages beside the view; on narrow screens a bar above and tabs below. */
export const shellStyles = [
  controls,
  css`
    .skip {
      position: absolute;
      z-index: 30;
      inset-block-start: 0.5rem;
      inset-inline-start: -100vw;
      background: var(--surface);
      padding: 0.5rem 1rem;
    }
    .skip:focus {
      inset-inline-start: 0.5rem;
    }
    .frame {
      display: grid;
      grid-template-columns: var(--rail) minmax(0, 1fr);
      min-block-size: 100vh;
    }
    .rail {
      position: sticky;
      inset-block-start: 0;
      block-size: 100vh;
      display: flex;
      flex-direction: column;
      gap: 1.5rem;
      padding: 1.25rem 1rem;
      border-inline-end: 1px solid var(--line);
      background: var(--surface);
      overflow: auto;
    }
    .brand {
      display: flex;
      align-items: center;
      gap: 0.6rem;
      color: var(--ink);
      text-decoration: none;
      font-weight: 700;
      letter-spacing: -0.015em;
      padding: 0.25rem 0.5rem;
      border-radius: var(--radius);
    }
    .brand svg {
      color: var(--accent);
      flex: none;
    }
    nav ol {
      display: grid;
      gap: 0.15rem;
    }
    nav a {
      display: grid;
      grid-template-columns: 1.25rem minmax(0, 1fr);
      gap: 0 0.6rem;
      align-items: center;
      padding: 0.55rem 0.6rem;
      border-radius: var(--radius);
      color: var(--ink);
      text-decoration: none;
    }
    nav a:hover {
      background: var(--sunken);
    }
    nav a[aria-current='page'] {
      background: var(--accent-soft);
      box-shadow: inset 3px 0 0 var(--accent);
    }
    nav a[aria-current='page'] svg {
      color: var(--accent);
    }
    nav svg {
      color: var(--ink-2);
    }
    nav .title {
      font-weight: 600;
    }
    nav .reading {
      grid-column: 2;
      font-size: var(--text-s);
      color: var(--ink-2);
      white-space: nowrap;
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .foot {
      margin-block-start: auto;
      display: grid;
      gap: 0.75rem;
      padding-inline: 0.5rem;
    }
    .instruments {
      display: grid;
      gap: 0.6rem;
      font-size: var(--text-s);
    }
    .instruments dt {
      color: var(--ink-2);
    }
    .instruments dd {
      overflow-wrap: anywhere;
    }
    .private dd {
      display: flex;
      gap: 0.4rem;
      align-items: center;
    }
    .private svg {
      color: var(--accent);
      flex: none;
    }
    .theme {
      justify-self: start;
      min-block-size: 2rem;
      font-size: var(--text-s);
    }

    main {
      padding: 1rem clamp(1rem, 3vw, 2.75rem) 4rem;
      inline-size: 100%;
      max-inline-size: 78rem;
    }
    main:focus {
      outline: none;
    }
    .activity {
      display: flex;
      align-items: center;
      gap: 0.5rem;
      min-block-size: 1.75rem;
      font-size: var(--text-s);
      color: var(--ink-2);
    }
    .spinner {
      inline-size: 0.8rem;
      block-size: 0.8rem;
      border: 2px solid var(--line-strong);
      border-block-start-color: var(--accent);
      border-radius: 50%;
      animation: turn 0.9s linear infinite;
    }
    @keyframes turn {
      to {
        transform: rotate(1turn);
      }
    }
    .curtain {
      position: fixed;
      z-index: 25;
      inset: 0.75rem;
      display: grid;
      place-items: center;
      border: 3px solid var(--accent);
      border-radius: var(--radius-l);
      background: color-mix(in srgb, var(--accent-soft) 88%, transparent);
      font-size: var(--text-xl);
      font-weight: 650;
      pointer-events: none;
    }

    @media (max-width: 60rem) {
      .frame {
        grid-template-columns: minmax(0, 1fr);
        padding-block-end: 4.25rem;
      }
      .rail {
        position: static;
        block-size: auto;
        flex-direction: row;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.25rem 1rem;
        padding: 0.5rem 1rem;
        border-inline-end: 0;
        border-block-end: 1px solid var(--line);
      }
      .foot {
        margin: 0;
        padding: 0;
      }
      .instruments {
        display: none;
      }
      nav {
        position: fixed;
        z-index: 10;
        inset-inline: 0;
        inset-block-end: 0;
        background: var(--surface);
        border-block-start: 1px solid var(--line);
        padding: 0.25rem 0.5rem;
      }
      nav ol {
        grid-auto-flow: column;
        grid-auto-columns: minmax(0, 1fr);
      }
      nav a {
        grid-template-columns: minmax(0, 1fr);
        justify-items: center;
        gap: 0.1rem;
        padding: 0.4rem 0.25rem;
        font-size: var(--text-s);
      }
      nav a[aria-current='page'] {
        box-shadow: none;
      }
      nav .reading {
        display: none;
      }
    }
  `,
];
