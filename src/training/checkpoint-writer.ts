import { CommitQueue } from '../lib/commit-queue.ts';
import type { Checkpoint } from './checkpoint.ts';

/**
 * Keeps checkpoints while training goes on: at most one is being written, and what failed is told at the next step
 * boundary. A checkpoint counts as kept only when its writing resolved.
 */
export class CheckpointWriter {
  readonly #keep: (checkpoint: Checkpoint, isBest: boolean) => Promise<void> | void;
  readonly #writing = new CommitQueue();
  #kept: Checkpoint | null;

  /** `kept` is the checkpoint that training started from. */
  constructor(
    keep: (checkpoint: Checkpoint, isBest: boolean) => Promise<void> | void,
    kept: Checkpoint | null,
  ) {
    this.#keep = keep;
    this.#kept = kept;
  }

  /** The newest that is safe. */
  get kept(): Checkpoint | null {
    return this.#kept;
  }

  /** Begins to write; the caller has awaited `settled`, and changes nothing in the checkpoint any more. */
  begin(checkpoint: Checkpoint, isBest: boolean): void {
    this.#writing.begin(async () => {
      await this.#keep(checkpoint, isBest);
      this.#kept = checkpoint;
    });
  }

  /** @throws what the writing failed with. */
  throwIfFailed(): void {
    this.#writing.throwFailure();
  }

  /** Waits until nothing is being written. @throws what the writing failed with. */
  settled(): Promise<void> {
    return this.#writing.settled();
  }

  /** Waits as `settled` does where training has failed already; a second failure is only noted. */
  async settledAfterFailure(first: unknown): Promise<void> {
    try {
      await this.#writing.settled();
    } catch (second) {
      if (second !== first)
        console.warn('The newest checkpoint could not be kept either; the one before it stands.', second);
    }
  }
}
