import type { ChangeRecord, EpochRecord, History } from './checkpoint.ts';

type Numbers = Float32Array | Float64Array | Int32Array;

const FIRST_CAPACITY = 1024;

/** A column that grows: a snapshot after a thousand epochs is one copy of memory. */
class Column<Values extends Numbers> {
  readonly #make: (length: number) => Values;
  #values: Values;
  #length = 0;

  constructor(make: (length: number) => Values, start: Values | undefined) {
    this.#make = make;
    this.#length = start?.length ?? 0;
    this.#values = make(Math.max(FIRST_CAPACITY, 2 * this.#length));
    if (start) this.#values.set(start);
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.#make(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  snapshot(): Values {
    return this.#values.slice(0, this.#length) as Values;
  }
}

/** The history of a run as it grows; starts empty or from a checkpoint's. */
export class HistoryBuilder {
  readonly #epochs: EpochRecord[];
  readonly #changes: ChangeRecord[];
  readonly #loss: Column<Float32Array>;
  readonly #correct: Column<Int32Array>;
  readonly #examples: Column<Int32Array>;
  readonly #learningRate: Column<Float64Array>;

  constructor(start: History | null) {
    this.#epochs = [...(start?.epochs ?? [])];
    this.#changes = [...(start?.changes ?? [])];
    this.#loss = new Column((length) => new Float32Array(length), start?.stepLoss);
    this.#correct = new Column((length) => new Int32Array(length), start?.stepCorrect);
    this.#examples = new Column((length) => new Int32Array(length), start?.stepExamples);
    this.#learningRate = new Column((length) => new Float64Array(length), start?.stepLearningRate);
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
      loss += this.#loss.at(i) * this.#examples.at(i);
      correct += this.#correct.at(i);
      examples += this.#examples.at(i);
    }
    return { loss: loss / Math.max(1, examples), accuracy: correct / Math.max(1, examples) };
  }

  /** A copy that does not change any more. */
  snapshot(): History {
    return {
      epochs: [...this.#epochs],
      changes: [...this.#changes],
      stepLoss: this.#loss.snapshot(),
      stepCorrect: this.#correct.snapshot(),
      stepExamples: this.#examples.snapshot(),
      stepLearningRate: this.#learningRate.snapshot(),
    };
  }
}
