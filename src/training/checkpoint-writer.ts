import type { Checkpoint } from './checkpoint.ts';

/**
 * Keeps checkpoints while training goes on: at most one is being written, and what failed is told at the next step
 * boundary. A checkpoint counts as kept only when its writing resolved.
 */
export class CheckpointWriter {
  readonly #keep: (checkpoint: Checkpoint, isBest: boolean) => Promise<void> | void;
  #inFlight: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
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
    const write = async (): Promise<void> => {
      try {
        await this.#keep(checkpoint, isBest);
        this.#kept = checkpoint;
      } catch (error) {
        this.#failure = { error };
      }
      this.#inFlight = null;
    };
    if (this.#inFlight) throw new Error('A checkpoint is still being written.');
    this.#inFlight = write();
  }

  /** @throws what the writing failed with. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits until nothing is being written. @throws what the writing failed with. */
  async settled(): Promise<void> {
    await this.#inFlight;
    this.throwIfFailed();
  }

  /** Waits as `settled` does where training has failed already; a second failure is only noted. */
  async settledAfterFailure(first: unknown): Promise<void> {
    await this.#inFlight;
    if (this.#failure && this.#failure.error !== first)
      console.warn(
        'The newest checkpoint could not be kept either; the one before it stands.',
        this.#failure.error,
      );
  }
}
