import { keepNote, recallNote } from '../lib/page-memory.ts';
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export type Theme = 'light' | 'dark';
const storageKey = 'wavlm-playground.theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

const chosenTheme = (): Theme | null => {
  const value = recallNote(storageKey);
  return value === 'light' || value === 'dark' ? value : null;
};

const apply = (): void => {
  document.documentElement.dataset['theme'] = chosenTheme() ?? (prefersDark.matches ? 'dark' : 'light');
};

/** Applies the chosen theme, or the system's, and follows the system from then on. */
export function startTheme(): void {
  apply();
  prefersDark.addEventListener('change', apply);
}

export const currentTheme = (): Theme =>
  document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light';

/** Chooses the other theme; choosing the system's own again forgets the choice. */
export function toggleTheme(): Theme {
  const next: Theme = currentTheme() === 'dark' ? 'light' : 'dark';
  const system: Theme = prefersDark.matches ? 'dark' : 'light';
  keepNote(storageKey, next === system ? null : next);
  apply();
  return next;
}

/** Redraws its host when the theme changes: for canvases, which CSS does not reach. */
export class ThemeController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #observer = new MutationObserver(() => this.#host.requestUpdate());

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  }

  hostDisconnected(): void {
    this.#observer.disconnect();
  }
}
