import { Rng, type RngState } from '../lib/rng.ts';
import type { NamedArray } from './checkpoint.ts';
import type { Captured, Compute, DeviceArray } from './compute/compute.ts';
import { sizeOf } from './compute/compute.ts';
import type { TrainingConfig } from './config.ts';
import { CheckpointError } from './errors.ts';
import type { Feeder } from './feeder.ts';
import type { ParameterSpec } from './heads/head.ts';
import type { Head } from './heads/registry.ts';
import { applyLoss } from './loss.ts';
import { slotNames, updateParameter } from './optimizer.ts';
import { Tape, type Value } from './tape.ts';

interface LearnedParameter {
  readonly spec: ParameterSpec;
  readonly array: DeviceArray;
  readonly slots: readonly DeviceArray[];
}

export interface LearnerState {
  readonly parameters: readonly NamedArray[];
  readonly slots: readonly NamedArray[];
  readonly dropoutRng: RngState;
}

/** Freshly drawn weights, zero slots: a function of the seed alone. */
export function initialLearnerState(head: Head, config: TrainingConfig): LearnerState {
  const parameters = head.parameters.map(({ name, shape, initialBound }) => {
    const rng = Rng.fromSeed(config.seed, 'initial', name);
    const values = Float32Array.from(
      { length: sizeOf(shape) },
      () => initialBound * (2 * rng.nextFloat() - 1),
    );
    return { name, shape, values };
  });
  return {
    parameters,
    slots: zeroSlots(parameters, config),
    dropoutRng: Rng.fromSeed(config.seed, 'dropout').state,
  };
}

/** Optimizer state as before the first update. */
export function zeroSlots(parameters: readonly NamedArray[], config: TrainingConfig): NamedArray[] {
  return slotNames(config.optimizer).flatMap((slot) =>
    parameters.map(({ name, shape, values }) => ({
      name: `${slot}.${name}`,
      shape,
      values: new Float32Array(values.length),
    })),
  );
}

/** Head, optimizer slots and dropout stream on the device: what one update changes. */
export class Learner {
  readonly #compute: Compute;
  readonly #head: Head;
  readonly #config: TrainingConfig;
  readonly #parameters: readonly LearnedParameter[];
  readonly #dropout: Rng;

  /** @throws CheckpointError when the state lacks a parameter or slot of this head and optimizer. */
  constructor(compute: Compute, head: Head, config: TrainingConfig, state: LearnerState) {
    this.#compute = compute;
    this.#head = head;
    this.#config = config;
    this.#dropout = Rng.fromState(state.dropoutRng);
    const make = (arrays: readonly NamedArray[], name: string, shape: readonly number[]): DeviceArray => {
      const found = arrays.find((array) => array.name === name);
      if (!found || found.shape.join() !== shape.join())
        throw new CheckpointError(
          `The checkpoint ${found ? `has “${name}” as [${found.shape.join(', ')}]` : `lacks “${name}”`}, but this head needs [${shape.join(', ')}].`,
        );
      return compute.persistent(found.values, shape);
    };
    this.#parameters = head.parameters.map((spec) => ({
      spec,
      array: make(state.parameters, spec.name, spec.shape),
      slots: slotNames(config.optimizer).map((slot) => make(state.slots, `${slot}.${spec.name}`, spec.shape)),
    }));
  }

  /** For a forward pass without training. */
  readonly frozen = (name: string): Value => ({
    array: this.#find(name),
    needsGradient: false,
    gradient: null,
  });

  /**
   * One update on the examples at `indices`; returns `[2]`: loss and right answers, to be read later. `step` counts
   * updates from 1.
   */
  update(
    feeder: Feeder,
    indices: Int32Array,
    classWeights: readonly number[],
    learningRate: number,
    step: number,
  ): Captured {
    const compute = this.#compute;
    return compute.scope(() => {
      const tape = new Tape(compute, this.#dropout);
      const values = new Map(
        this.#parameters.map(({ spec, array }) => [spec.name, tape.value(array, true)] as const),
      );
      const output = this.#head.forward(tape, (name) => values.get(name)!, feeder.input(indices));
      const summary = applyLoss(tape, output, feeder.labels(indices), this.#config.loss, classWeights);
      const captured = compute.capture(summary);
      tape.backward();
      const touched = this.#parameters.filter(({ spec }) => values.get(spec.name)?.gradient);
      const raw = touched.map(({ spec }) => values.get(spec.name)!.gradient!);
      const { clipNorm, optimizer } = this.#config;
      const gradients = clipNorm === null ? raw : compute.clipByNorm(raw, clipNorm);
      touched.forEach(({ array, slots }, i) =>
        updateParameter(compute, optimizer, array, gradients[i]!, slots, learningRate, step),
      );
      return captured;
    });
  }

  /** Copies everything off the device. */
  async state(): Promise<LearnerState> {
    const dropoutRng = this.#dropout.state;
    const names = slotNames(this.#config.optimizer);
    const parameters: NamedArray[] = [];
    const slots: NamedArray[] = [];
    for (const { spec, array } of this.#parameters)
      parameters.push({ name: spec.name, shape: spec.shape, values: await this.#compute.read(array) });
    for (const [i, slot] of names.entries())
      for (const { spec, slots: arrays } of this.#parameters)
        slots.push({
          name: `${slot}.${spec.name}`,
          shape: spec.shape,
          values: await this.#compute.read(arrays[i]!),
        });
    return { parameters, slots, dropoutRng };
  }

  dispose(): void {
    for (const { array, slots } of this.#parameters)
      for (const one of [array, ...slots]) this.#compute.free(one);
  }

  #find(name: string): DeviceArray {
    const found = this.#parameters.find(({ spec }) => spec.name === name);
    if (!found) throw new Error(`There is no parameter ${name}.`);
    return found.array;
  }
}
