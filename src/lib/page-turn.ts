/** Of four turns, three let in only what a person sees and does. */
const TURNS_A_FULL_ONE = 4;

/** Chrome, Edge and Firefox; not in Safari. */
interface YieldingScheduler {
  yield?(): Promise<void>;
}

/**
 * Long work on the page awaits a turn every few dozen milliseconds, so that the page never freezes. Where the browser
 * can, most turns let in input and painting alone: a full one also runs all timers and messages that wait, which
 * takes some 5 ms each time.
 */
export class PageTurns {
  #taken = 0;

  async next(): Promise<void> {
    const { scheduler } = globalThis as { readonly scheduler?: YieldingScheduler };
    this.#taken += 1;
    if (scheduler?.yield && this.#taken % TURNS_A_FULL_ONE !== 0) await scheduler.yield();
    else await fullTurn();
  }
}

/**
 * Lets everything in that waits, such as a worker's message to pause: awaiting settled promises alone never returns to the
 * event loop. By a message, not a timer: nested timers are held back for 4 ms.
 */
export function fullTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
