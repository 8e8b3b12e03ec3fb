import { wrap, type Remote } from 'comlink';
import type { Engine } from './engine.ts';
import { WorkerStartError } from './errors.ts';
import type { BackendChoice } from './protocol.ts';

/**
 * Starts the engine worker and gives its functions as promises.
 * @param onFailure told when the worker cannot be started: then none of the promises is ever kept
 */
export function startEngine(
  choice: BackendChoice,
  onFailure: (error: WorkerStartError) => void,
): Remote<Engine> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: choice });
  let hasAnswered = false;
  worker.addEventListener('message', () => (hasAnswered = true), { once: true });
  worker.addEventListener('error', ({ message }) => {
    // Later errors are none of a call's; the browser's console has them.
    if (!hasAnswered) onFailure(new WorkerStartError('The engine of this page', message));
  });
  return wrap<Engine>(worker);
}
