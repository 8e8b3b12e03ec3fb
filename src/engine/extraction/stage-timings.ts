import type { PreparedClip } from '../../audio/pool.ts';

/** Milliseconds spent per stage of an extraction; decoding, resampling and augmenting are summed over workers. */
export interface StageTotals {
  readonly audioSec: number;
  readonly decodeMs: number;
  readonly resampleMs: number;
  readonly augmentMs: number;
  /** How long the encoder waited for prepared clips. */
  readonly waitMs: number;
  readonly encodeMs: number;
  readonly poolMs: number;
  /** From the writing of shards to their acknowledgement; mostly beside the encoding of the next ones. */
  readonly commitMs: number;
  /** How long the encoder was held up by commits: shards put together, or the one before not yet acknowledged. */
  readonly commitWaitMs: number;
}

/** Adds up where an extraction's time goes. */
export class StageTimings {
  readonly #totals: Record<keyof StageTotals, number> = {
    audioSec: 0,
    decodeMs: 0,
    resampleMs: 0,
    augmentMs: 0,
    waitMs: 0,
    encodeMs: 0,
    poolMs: 0,
    commitMs: 0,
    commitWaitMs: 0,
  };

  get totals(): StageTotals {
    return { ...this.#totals };
  }

  add(stage: Exclude<keyof StageTotals, 'audioSec'>, milliseconds: number): void {
    this.#totals[stage] += milliseconds;
  }

  addClip(clip: Pick<PreparedClip, 'durationSec' | 'timings'>): void {
    this.#totals.audioSec += clip.durationSec;
    this.#totals.decodeMs += clip.timings.decodeMs;
    this.#totals.resampleMs += clip.timings.resampleMs;
    this.#totals.augmentMs += clip.timings.augmentMs;
  }
}
