import type { Checkpoint } from './checkpoint.ts';
import type { Compute } from './compute/compute.ts';
import type { TrainingConfig } from './config.ts';
import { predict } from './evaluate.ts';
import type { Examples } from './examples.ts';
import { fit } from './fit.ts';
import { evaluateLogits, type Evaluation } from './metrics/evaluation.ts';

export interface FoldIndices {
  readonly name: string;
  /** Positions into the examples. */
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** What is known of a fold when it is done; kept, it need not be trained again. */
export interface FoldResult {
  readonly name: string;
  readonly test: Int32Array;
  /** `[N, C]` of the test part, by the weights after the last epoch. */
  readonly logits: Float32Array;
  readonly evaluation: Evaluation;
}

export interface CrossValidation {
  readonly folds: readonly FoldResult[];
  /** Over the predictions of all folds together. */
  readonly pooled: Evaluation;
}

/**
 * Trains once per fold on everything else and pools the predictions. The test part chooses nothing: no best epoch is
 * picked by it. `finished` are folds from before; `onFold` is awaited after each new one.
 * @returns null when `shouldPause` said so.
 */
export async function crossValidate(request: {
  readonly compute: Compute;
  readonly examples: Examples;
  readonly folds: readonly FoldIndices[];
  readonly config: TrainingConfig;
  readonly finished?: readonly FoldResult[];
  readonly onFold?: (result: FoldResult, checkpoint: Checkpoint) => Promise<void> | void;
  readonly shouldPause?: () => boolean;
}): Promise<CrossValidation | null> {
  const { compute, examples, config, shouldPause } = request;
  const classes = examples.classes.length;
  const done: FoldResult[] = [];
  for (const { name, train, test } of request.folds) {
    const earlier = request.finished?.find((result) => result.name === name);
    if (earlier) {
      done.push(earlier);
      continue;
    }
    const { state, checkpoint } = await fit({
      compute,
      data: { examples, train, validation: new Int32Array(0) },
      config,
      start: { kind: 'fresh' },
      ...(shouldPause ? { hooks: { shouldPause } } : {}),
    });
    if (state === 'paused') return null;
    const logits = await predict(compute, checkpoint, examples, test);
    const labels = test.map((index) => examples.labels[index]!);
    const result = { name, test, logits, evaluation: evaluateLogits(logits, labels, classes) };
    done.push(result);
    await request.onFold?.(result, checkpoint);
  }
  const logits = new Float32Array(done.reduce((sum, fold) => sum + fold.logits.length, 0));
  const labels = new Int32Array(logits.length / classes);
  let at = 0;
  for (const fold of done) {
    logits.set(fold.logits, at * classes);
    fold.test.forEach((index) => {
      labels[at] = examples.labels[index]!;
      at += 1;
    });
  }
  return { folds: done, pooled: evaluateLogits(logits, labels, classes) };
}
