import {
  checkpointName,
  type BestScore,
  type Checkpoint,
  type EpochRecord,
  type Lineage,
  type NamedArray,
} from './checkpoint.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import type { Captured, Compute } from './compute/compute.ts';
import { sameSettings, validateTraining, type TrainingConfig } from './config.ts';
import { NonFiniteLossError, ResumeRefusedError } from './errors.ts';
import { countClasses } from './examples.ts';
import { firstNonFinite } from './finite.ts';
import { Feeder } from './feeder.ts';
import { createHead } from './heads/registry.ts';
import { HistoryBuilder } from './history.ts';
import { initialLearnerState, Learner } from './learner.ts';
import { classWeights } from './loss.ts';
import { evaluateLogits, isBetter, type MetricSummary } from './metrics/evaluation.ts';
import { checkTrainingData, dataDigest, type TrainingData } from './preflight.ts';
import { predictLogits } from './predict.ts';
import { epochLength, epochOrder, validateSampler } from './sampler.ts';
import { initialSchedule, learningRateAt, scheduleAfterEpoch, validateSchedule } from './schedule.ts';
import { fitStandardiser, standardise, type Standardiser } from './standardise.ts';
import { yieldToEvents } from './yield.ts';

/** How a run begins. */
export type Start =
  | { readonly kind: 'fresh' }
  /** Fresh, but from given weights (those not given are drawn) and the standardiser they were learned behind, if any. */
  | {
      readonly kind: 'weights';
      readonly parameters: readonly NamedArray[];
      readonly standardiser?: Standardiser | null;
    }
  /** Goes on where the checkpoint stands. */
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint };

export interface StepProgress {
  readonly epoch: number;
  /** Updates done in all, and in the whole run. */
  readonly step: number;
  readonly totalSteps: number;
  readonly learningRate: number;
  /** Of the newest update whose loss is known. */
  readonly loss: number;
}

export interface FitHooks {
  /** Sentences about the data that a person should know; called once, before the first step. */
  onNotices?(notices: readonly string[]): void;
  /** After losses came back from the device: every few steps. */
  onStep?(progress: StepProgress): void;
  onEpoch?(record: EpochRecord): void;
  /**
   * Resolves when the checkpoint is safe. Training goes on meanwhile; the next checkpoint, and the end of `fit`, wait
   * for it. An error thrown here ends `fit` with it at the next step boundary.
   */
  onCheckpoint?(checkpoint: Checkpoint, isBest: boolean): Promise<void> | void;
  /** Asked before every step; true makes a checkpoint where the run stands and returns. */
  shouldPause?(): boolean;
}

export interface FitRequest {
  readonly compute: Compute;
  readonly data: TrainingData;
  readonly config: TrainingConfig;
  readonly start: Start;
  /** Name of the run, for the checkpoints' lineage. */
  readonly run?: string;
  readonly hooks?: FitHooks;
}

export interface FitResult {
  readonly state: 'finished' | 'paused';
  /** Where the run stands; the same as the last one given to `onCheckpoint`. */
  readonly checkpoint: Checkpoint;
}

/** Losses that may wait on the device before they are read together. */
const lossesInFlight = 16;

/** Updates per epoch, and in the whole run. */
export function countSteps(data: TrainingData, config: TrainingConfig): { perEpoch: number; total: number } {
  const examples = epochLength(config.sampler, countClasses(data.examples, data.train));
  const perEpoch = Math.ceil(examples / config.batchSize);
  return { perEpoch, total: perEpoch * config.epochs };
}

/**
 * Trains a head: fresh, from weights, or on from a checkpoint (in the middle of an epoch too) with the same bits as if
 * it had never stopped. Changed settings are applied to the checkpoint beforehand (`resume.ts`).
 * @throws TrainingDataError, TrainingConfigError before anything runs; ResumeRefusedError when the checkpoint belongs
 * to other data or settings; NonFiniteLossError naming step and batch, with the last good checkpoint already given out.
 */
export async function fit(request: FitRequest): Promise<FitResult> {
  const { compute, data, config, start, hooks = {} } = request;
  validateTraining(config);
  const notices = checkTrainingData(data);
  hooks.onNotices?.(notices);
  const { examples, train, validation } = data;
  const counts = countClasses(examples, train);
  validateSampler(config.sampler, counts);
  const classes = examples.classes.length;
  const weights = classWeights(config.loss, counts);
  const steps = countSteps(data, config);
  validateSchedule(config.schedule, steps.total);
  const head = createHead(config.head, examples.layout, classes);
  const digest = await dataDigest(data);
  const from = start.kind === 'checkpoint' ? start.checkpoint : null;
  if (from) refuseForeign(from, digest, config);

  // Everything that decides a number from here on is in these variables, the learner and the history.
  let epoch = from?.epoch ?? 0;
  let step = from?.step ?? 0;
  let cursor = from?.sampler.cursor ?? 0;
  let schedule = from?.schedule ?? initialSchedule(steps.total);
  let best: BestScore | null = from?.best ?? null;
  const history = new HistoryBuilder(from?.history ?? null);
  const fresh = initialLearnerState(head, config);
  const given = start.kind === 'weights' ? start.parameters : [];
  const inherited = start.kind === 'weights' ? start.standardiser : null;
  const standardiser =
    from || !config.standardise
      ? (from?.standardiser ?? null)
      : (inherited ?? fitStandardiser(examples, train));
  const prepared = standardiser ? standardise(examples, standardiser) : examples;
  const trainLabels = train.map((index) => examples.labels[index]!);

  const feeder = new Feeder(compute, prepared);
  let learner: Learner | null = null;
  const waiting: {
    captured: Captured;
    batch: number;
    examples: number;
    learningRate: number;
    step: number;
  }[] = [];
  const writer = new CheckpointWriter((checkpoint, isBest) => hooks.onCheckpoint?.(checkpoint, isBest), from);

  /** Waits for the device: takes the losses that wait there into the history. */
  const readLosses = async (): Promise<void> => {
    const done = waiting.splice(0);
    if (done.length === 0) return;
    const values = await compute.readCaptured(done.map(({ captured }) => captured));
    for (const [i, one] of done.entries()) {
      const loss = values[2 * i]!;
      if (!Number.isFinite(loss)) throw await nonFinite(loss, one);
      history.addStep(loss, values[2 * i + 1]!, one.examples, one.learningRate);
    }
    const { step: newest, learningRate } = done.at(-1)!;
    hooks.onStep?.({
      epoch,
      step: newest,
      totalSteps: steps.total,
      learningRate,
      loss: values[2 * done.length - 2]!,
    });
  };

  /** Names the newest checkpoint that is safe, so it waits for the one that is being written. */
  const nonFinite = async (
    loss: number,
    at: { step: number; batch: number },
  ): Promise<NonFiniteLossError> => {
    await writer.settled();
    const kept = writer.kept
      ? `the last good checkpoint is ${checkpointName(writer.kept)}`
      : 'there was no checkpoint before it to keep';
    return new NonFiniteLossError(loss, epoch, at.step, at.batch, kept);
  };

  /** Everything is copied off the device here, between two steps; keeping it goes on beside the next ones. */
  const makeCheckpoint = async (reason: Lineage['reason'], isBest: boolean): Promise<Checkpoint> => {
    await readLosses();
    await writer.settled();
    const state = await learner!.state();
    if (state.parameters.some(({ values }) => firstNonFinite(values) >= 0))
      throw await nonFinite(NaN, { step, batch: Math.floor(cursor / config.batchSize) });
    const checkpoint: Checkpoint = {
      config,
      layout: examples.layout,
      classes: examples.classes,
      dataDigest: digest,
      epoch,
      step,
      schedule,
      sampler: { seed: config.seed, epoch, cursor },
      best,
      history: history.snapshot(),
      standardiser,
      ...state,
      lineage: {
        run: request.run ?? '',
        parent: from ? checkpointName(from) : null,
        createdAt: new Date().toISOString(),
        reason,
      },
    };
    writer.begin(checkpoint, isBest);
    return checkpoint;
  };

  try {
    learner = new Learner(
      compute,
      head,
      config,
      from ?? {
        ...fresh,
        parameters: fresh.parameters.map((own) => given.find((one) => one.name === own.name) ?? own),
      },
    );
    while (epoch < config.epochs) {
      const order = epochOrder(config.sampler, trainLabels, classes, config.seed, epoch);
      while (cursor < order.length) {
        writer.throwIfFailed();
        if (hooks.shouldPause?.()) {
          const checkpoint = await makeCheckpoint('pause', false);
          await writer.settled();
          return { state: 'paused', checkpoint };
        }
        const positions = order.subarray(cursor, cursor + config.batchSize);
        const learningRate = learningRateAt(
          config.schedule,
          schedule,
          config.optimizer.learningRate,
          step,
          steps.perEpoch,
        );
        const batch = Math.floor(cursor / config.batchSize);
        const indices = positions.map((position) => train[position]!);
        const captured = learner.update(feeder, indices, weights, learningRate, step + 1);
        step += 1;
        cursor += positions.length;
        waiting.push({ captured, batch, examples: positions.length, learningRate, step });
        if (waiting.length >= lossesInFlight) {
          await readLosses();
          await yieldToEvents();
        }
        const inside = cursor < order.length;
        if (inside && config.checkpointEverySteps && step % config.checkpointEverySteps === 0)
          await makeCheckpoint('step', false);
      }

      await readLosses();
      const summary = await validate();
      const { loss, accuracy } = history.sinceLastEpoch();
      const learningRate = learningRateAt(
        config.schedule,
        schedule,
        config.optimizer.learningRate,
        step - 1,
        steps.perEpoch,
      );
      const record = {
        epoch,
        step,
        learningRate,
        trainLoss: loss,
        trainAccuracy: accuracy,
        validation: summary,
      };
      history.addEpoch(record);
      schedule = scheduleAfterEpoch(config.schedule, schedule, summary?.loss ?? loss);
      const score = summary?.[config.selectBy] ?? null;
      const isBest =
        score !== null &&
        (best === null || best.metric !== config.selectBy || isBetter(config.selectBy, score, best.score));
      if (isBest) best = { metric: config.selectBy, score, epoch, step };
      hooks.onEpoch?.(record);
      epoch += 1;
      cursor = 0;
      await makeCheckpoint('epoch', isBest);
    }
    await writer.settled();
    const checkpoint = writer.kept ?? (await makeCheckpoint('epoch', false));
    await writer.settled();
    return { state: 'finished', checkpoint };
  } catch (error) {
    // Whoever goes on from the newest checkpoint has to find it on the disk.
    await writer.settledAfterFailure(error);
    throw error;
  } finally {
    learner?.dispose();
    feeder.dispose();
  }

  async function validate(): Promise<MetricSummary | null> {
    if (validation.length === 0 || !learner) return null;
    const logits = await predictLogits(compute, head, learner.frozen, feeder, validation, classes);
    const labels = validation.map((index) => examples.labels[index]!);
    const { summary } = evaluateLogits(logits, labels, classes);
    if (!Number.isFinite(summary.loss))
      throw await nonFinite(summary.loss, { step, batch: Math.floor((cursor - 1) / config.batchSize) });
    return summary;
  }
}

function refuseForeign(from: Checkpoint, digest: string, config: TrainingConfig): void {
  if (from.dataDigest !== digest)
    throw new ResumeRefusedError(
      `${checkpointName(from)} was trained on other embeddings, labels or another split, so continuing would not give the same run; start a fresh run from its weights.`,
    );
  if (!sameSettings(from.config, config))
    throw new ResumeRefusedError(
      `${checkpointName(from)} was made with other settings; apply the changes first, so that they are listed and logged.`,
    );
}
