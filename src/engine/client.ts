import { wrap, type Remote } from 'comlink';
import type { Engine } from './engine.ts';
import type { BackendChoice } from './protocol.ts';

/** Starts the engine worker and gives its functions as promises. */
export function startEngine(choice: BackendChoice): Remote<Engine> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: choice });
  return wrap<Engine>(worker);
}
