import type { ChangeRecord, EpochRecord, History } from './checkpoint.ts';

/** The history of a run as it grows; starts empty or from a checkpoint's. */
export class HistoryBuilder {
  readonly #epochs: EpochRecord[];
  readonly #changes: ChangeRecord[];
  readonly #loss: number[];
  readonly #correct: number[];
  readonly #examples: number[];
  readonly #learningRate: number[];

  constructor(start: History | null) {
    this.#epochs = [...(start?.epochs ?? [])];
    this.#changes = [...(start?.changes ?? [])];
    this.#loss = [...(start?.stepLoss ?? [])];
    this.#correct = [...(start?.stepCorrect ?? [])];
    this.#examples = [...(start?.stepExamples ?? [])];
    this.#learningRate = [...(start?.stepLearningRate ?? [])];
  }

  addStep(loss: number, correct: number, examples: number, learningRate: number): void {
    this.#loss.push(loss);
    this.#correct.push(correct);
    this.#examples.push(examples);
    this.#learningRate.push(learningRate);
  }

  addEpoch(record: EpochRecord): void {
    this.#epochs.push(record);
  }

  get epochs(): readonly EpochRecord[] {
    return this.#epochs;
  }

  /** Mean loss and accuracy over all steps since the last epoch in the history. */
  sinceLastEpoch(): { readonly loss: number; readonly accuracy: number } {
    const first = this.#epochs.at(-1)?.step ?? 0;
    let [loss, correct, examples] = [0, 0, 0];
    for (let i = first; i < this.#loss.length; i += 1) {
      loss += this.#loss[i]! * this.#examples[i]!;
      correct += this.#correct[i]!;
      examples += this.#examples[i]!;
    }
    return { loss: loss / Math.max(1, examples), accuracy: correct / Math.max(1, examples) };
  }

  /** A copy that does not change any more. */
  snapshot(): History {
    return {
      epochs: [...this.#epochs],
      changes: [...this.#changes],
      stepLoss: Float32Array.from(this.#loss),
      stepCorrect: Int32Array.from(this.#correct),
      stepExamples: Int32Array.from(this.#examples),
      stepLearningRate: Float64Array.from(this.#learningRate),
    };
  }
}
