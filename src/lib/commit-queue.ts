/**
 * Carries commits out one after another, in the order they were begun, beside the work that makes the next one. One is in
 * flight at most: whoever has the next waits for it, so that memory stays bounded and an older record is
 * always acknowledged before a younger one is written.
 */
export class CommitQueue {
  #inFlight: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** True once a commit failed: what is made from then on cannot be committed. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** @throws what a commit failed with */
  throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves when no commit is in flight. @throws what one failed with */
  async settled(): Promise<void> {
    await this.#inFlight;
    this.throwFailure();
  }

  /** Begins a commit and does not wait for it; its failure is thrown by the other methods. To be called when settled. */
  begin(commit: () => Promise<void>): void {
    this.throwFailure();
    if (this.#inFlight) throw new Error('A commit was begun before the one before it had ended.');
    this.#inFlight = this.#carryOut(commit);
  }

  async #carryOut(commit: () => Promise<void>): Promise<void> {
    try {
      await commit();
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#inFlight = null;
    }
  }
}
