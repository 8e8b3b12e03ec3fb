import { fullTurn } from '../lib/page-turn.ts';

let last = 0;

/** Lets messages and timers run, at most every 25 ms. */
export async function yieldToEvents(): Promise<void> {
  const now = performance.now();
  if (now - last < 25) return;
  last = now;
  await fullTurn();
}
