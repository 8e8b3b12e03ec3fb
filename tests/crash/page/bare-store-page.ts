import { wrap, proxy, type Remote } from 'comlink';
import type { BareStore } from './bare-store-worker.ts';

/** The page of the crash tests: a store in a worker, driven from outside through `window.bareStore`. */
declare global {
  interface Window {
    bareStore: Remote<BareStore>;
    /** Starts writing; every acknowledged step is told to `window.acknowledged`, set up from outside. */
    startWriting(seed: number, from: number): void;
    acknowledged(step: number): void;
    /** The error that ended the writing, if one did. */
    writingError: { name: string; message: string } | null;
  }
}

const worker = new Worker(new URL('./bare-store-worker.ts', import.meta.url), { type: 'module' });
window.bareStore = wrap<BareStore>(worker);
window.writingError = null;
window.startWriting = (seed, from) => {
  window.bareStore
    .write(
      seed,
      from,
      proxy((step: number) => window.acknowledged(step)),
    )
    .catch((error: unknown) => {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      window.writingError = { name, message };
    });
};
