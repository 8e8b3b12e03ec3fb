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

/** What a fold leaves: kept, it need not be trained again. */
export interface FoldLogits {
  readonly name: string;
  readonly test: Int32Array;
  /** `[N, C]` of the test part, by the weights after the last epoch. */
  readonly logits: Float32Array;
}

export interface FoldResult extends FoldLogits {
  readonly evaluation: Evaluation;
}

export interface CrossValidation {
  readonly folds: readonly FoldResult[];
  /** Over the predictions of all folds together. */
  readonly pooled: Evaluation;
}

/** What is asked about an example when folds are judged. */
type Labelled = Pick<Examples, 'labels' | 'classes'>;

/**
 * Trains once per fold on everything else and pools the predictions. The test part chooses nothing: no best epoch is
 * picked by it. `finished` are folds from before, `inProgress` a checkpoint of the one that was cut off: with them the
 * result is the same to the bit. `onFold` is awaited after each new fold; `onCheckpoint` as in `fit`.
 * @returns null when `shouldPause` said so.
 */
export async function crossValidate(request: {
  readonly compute: Compute;
  readonly examples: Examples;
  readonly folds: readonly FoldIndices[];
  readonly config: TrainingConfig;
  readonly finished?: readonly FoldLogits[];
  readonly inProgress?: { readonly name: string; readonly checkpoint: Checkpoint } | null;
  readonly onCheckpoint?: (name: string, checkpoint: Checkpoint) => Promise<void> | void;
  readonly onFold?: (result: FoldResult, checkpoint: Checkpoint) => Promise<void> | void;
  readonly shouldPause?: () => boolean;
}): Promise<CrossValidation | null> {
  const { compute, examples, config, inProgress, shouldPause, onCheckpoint } = request;
  const done: FoldResult[] = [];
  for (const { name, train, test } of request.folds) {
    const earlier = request.finished?.find((result) => result.name === name);
    if (earlier) {
      done.push(judgeFold(earlier, examples));
      continue;
    }
    const { state, checkpoint } = await fit({
      compute,
      data: { examples, train, validation: new Int32Array(0) },
      config,
      start:
        inProgress?.name === name
          ? { kind: 'checkpoint', checkpoint: inProgress.checkpoint }
          : { kind: 'fresh' },
      hooks: {
        ...(shouldPause ? { shouldPause } : {}),
        ...(onCheckpoint ? { onCheckpoint: (made: Checkpoint) => onCheckpoint(name, made) } : {}),
      },
    });
    if (state === 'paused') return null;
    const logits = await predict(compute, checkpoint, examples, test);
    const result = judgeFold({ name, test, logits }, examples);
    done.push(result);
    await request.onFold?.(result, checkpoint);
  }
  return { folds: done, pooled: poolFolds(done, examples) };
}

export function judgeFold(fold: FoldLogits, { labels, classes }: Labelled): FoldResult {
  const { name, test, logits } = fold;
  const evaluation = evaluateLogits(
    logits,
    test.map((index) => labels[index]!),
    classes.length,
  );
  return { name, test, logits, evaluation };
}

/** Judges the predictions of several folds as one. */
export function poolFolds(folds: readonly FoldLogits[], { labels, classes }: Labelled): Evaluation {
  const logits = new Float32Array(folds.reduce((sum, fold) => sum + fold.logits.length, 0));
  const truth = new Int32Array(logits.length / classes.length);
  let at = 0;
  for (const { logits: own, test } of folds) {
    logits.set(own, at * classes.length);
    truth.set(
      test.map((index) => labels[index]!),
      at,
    );
    at += test.length;
  }
  return evaluateLogits(logits, truth, classes.length);
}
