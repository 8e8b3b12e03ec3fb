import type { Checkpoint } from './checkpoint.ts';
import type { Compute } from './compute/compute.ts';
import { sameSettings } from './config.ts';
import { TrainingDataError } from './errors.ts';
import type { Examples } from './examples.ts';
import { Feeder } from './feeder.ts';
import { createHead } from './heads/registry.ts';
import { Learner } from './learner.ts';
import { evaluateLogits, probabilitiesOf, type Evaluation } from './metrics/evaluation.ts';
import { predictLogits } from './predict.ts';
import { standardise } from './standardise.ts';
import { Tape } from './tape.ts';

/** A trained head as it is used: its weights, its standardiser, its classes. */
export type TrainedHead = Pick<
  Checkpoint,
  'config' | 'layout' | 'classes' | 'standardiser' | 'parameters' | 'slots' | 'dropoutRng'
>;

/**
 * Logits `[N, C]` of a trained head for the examples at `indices`; their labels are not looked at.
 * @throws TrainingDataError when the embeddings have another shape than those it was trained on.
 */
export async function predict(
  compute: Compute,
  trained: TrainedHead,
  examples: Examples,
  indices: Int32Array,
): Promise<Float32Array> {
  return withLearner(compute, trained, examples, (learner, head, feeder) =>
    predictLogits(compute, head, learner.frozen, feeder, indices, trained.classes.length),
  );
}

/** Predicts and judges. Labels are matched by name; those the head does not know are left out, and counted. */
export async function evaluate(
  compute: Compute,
  trained: TrainedHead,
  examples: Examples,
  indices: Int32Array,
): Promise<{
  readonly evaluation: Evaluation;
  readonly indices: Int32Array;
  readonly unknownLabels: number;
}> {
  const known = examples.classes.map((name) => trained.classes.indexOf(name));
  const labelOf = (index: number): number => known[examples.labels[index]!] ?? -1;
  const usable = indices.filter((index) => labelOf(index) >= 0);
  if (usable.length === 0)
    throw new TrainingDataError(
      `None of these clips has a label that the head knows (${trained.classes.join(', ')}), so there is nothing to judge.`,
    );
  const logits = await predict(compute, trained, examples, usable);
  return {
    evaluation: evaluateLogits(logits, usable.map(labelOf), trained.classes.length),
    indices: usable,
    unknownLabels: indices.length - usable.length,
  };
}

/**
 * Class probabilities `[C]` of one example, and what the head looked at: `[L]` weights of layers or `[T]` of frames
 * (its own ones, without padding); null for heads that weigh nothing.
 */
export async function explain(
  compute: Compute,
  trained: TrainedHead,
  examples: Examples,
  index: number,
): Promise<{ readonly probabilities: Float32Array; readonly weights: Float32Array | null }> {
  return withLearner(compute, trained, examples, async (learner, head, feeder) => {
    const captured = compute.scope(() => {
      const input = feeder.input(Int32Array.of(index));
      const { logits, weights } = head.forward(new Tape(compute, null), learner.frozen, input);
      return [compute.capture(logits.array), ...(weights ? [compute.capture(weights)] : [])];
    });
    const values = await compute.readCaptured(captured);
    const classes = trained.classes.length;
    const offsets = examples.frameOffsets;
    const length = offsets ? offsets[index + 1]! - offsets[index]! : values.length - classes;
    return {
      probabilities: probabilitiesOf(values.slice(0, classes), classes),
      weights: captured.length > 1 ? values.slice(classes, classes + length) : null,
    };
  });
}

async function withLearner<R>(
  compute: Compute,
  trained: TrainedHead,
  examples: Examples,
  work: (learner: Learner, head: ReturnType<typeof createHead>, feeder: Feeder) => Promise<R>,
): Promise<R> {
  const { layout } = trained;
  if (!sameSettings(layout, examples.layout))
    throw new TrainingDataError(
      `The head reads ${JSON.stringify(layout)}, but these embeddings are ${JSON.stringify(examples.layout)}; use the encoder and layers it was trained with.`,
    );
  const head = createHead(trained.config.head, layout, trained.classes.length);
  const learner = new Learner(compute, head, trained.config, trained);
  const feeder = new Feeder(
    compute,
    trained.standardiser ? standardise(examples, trained.standardiser) : examples,
  );
  try {
    return await work(learner, head, feeder);
  } finally {
    learner.dispose();
    feeder.dispose();
  }
}
