import type { LitElement, ReactiveController } from 'lit';

/** Keeps the width of its host in whole pixels and redraws it when that changes. */
export class WidthController implements ReactiveController {
  value = 0;
  readonly #host: LitElement;
  readonly #observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === this.value) return;
    // Drawing changes the host's height: one frame later, so that the observer is not asked about its own work.
    requestAnimationFrame(() => {
      this.value = width;
      this.#host.requestUpdate();
    });
  });

  constructor(host: LitElement) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer.observe(this.#host);
  }

  hostDisconnected(): void {
    this.#observer.disconnect();
  }
}
