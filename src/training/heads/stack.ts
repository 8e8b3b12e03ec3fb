import type { Tape, Value } from '../tape.ts';
import { denseParameters, type HeadOutput, type ParameterSpec } from './head.ts';

/** Hidden layers between the features and the logits; none makes the head linear. */
export interface StackConfig {
  /** Sizes of the hidden layers, in order. */
  readonly hidden: readonly number[];
  /** Probability with which each hidden activation is dropped in training, in [0, 1). */
  readonly dropout: number;
}

/** `hidden.i` dense layers with ReLU and dropout, then `output`. */
export function stackParameters(config: StackConfig, inputs: number, classes: number): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  let width = inputs;
  config.hidden.forEach((size, i) => {
    specs.push(...denseParameters(`hidden.${i}`, width, size));
    width = size;
  });
  return [...specs, ...denseParameters('output', width, classes)];
}

/** The stack's forward pass; the representation is the last hidden layer, or the input where it is trainable. */
export function stackForward(
  tape: Tape,
  config: StackConfig,
  parameter: (name: string) => Value,
  input: Value,
): Omit<HeadOutput, 'weights'> {
  let x = input;
  config.hidden.forEach((_size, i) => {
    x = tape.dense(x, parameter(`hidden.${i}.weight`), parameter(`hidden.${i}.bias`));
    x = tape.dropout(tape.relu(x), config.dropout);
  });
  return {
    logits: tape.dense(x, parameter('output.weight'), parameter('output.bias')),
    representation: x.needsGradient ? x : null,
  };
}
