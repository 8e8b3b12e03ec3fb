import { groupingChoices } from '../../dataset/grouping.ts';
import { evaluate, predict } from '../../training/evaluate.ts';
import { TrainingDataError } from '../../training/errors.ts';
import { countSteps } from '../../training/fit.ts';
import { layerWeights } from '../../training/heads/layer-mix.ts';
import { createHead } from '../../training/heads/registry.ts';
import { checkTrainingData } from '../../training/preflight.ts';
import { proveResume, type ResumeProof } from '../../training/prove.ts';
import { validateSampler } from '../../training/sampler.ts';
import { initialSchedule, previewSchedule, validateSchedule } from '../../training/schedule.ts';
import { errorInWords, UnknownIdError } from '../errors.ts';
import { evaluationResult } from './evaluation-result.ts';
import { partIndices, readExamples } from './run-data.ts';
import type { RunJob } from './run-job.ts';
import type { Part, RunSpec, StoredCheckpoint } from './run-record.ts';
import { divide, splitOf, type ExampleTable } from './run-request.ts';
import type { RunRunner } from './run-runner.ts';
import { trainingConfigOf } from './train-settings.ts';
import type { TrainingDevices } from './training-devices.ts';
import type { EvaluationResult, TrainingPreview, TrainRequest } from '../training-protocol.ts';
import type { TrainingSourceData } from './training-source.ts';
import type { TrainingSources } from './training-sources.ts';

export interface JudgeParts {
  readonly devices: TrainingDevices;
  readonly runner: RunRunner;
  readonly sources: Pick<TrainingSources, 'open' | 'reopen'>;
}

const MOST_RATES = 500;
const PROOF_STEPS = 60;

/** Looks at training without starting a run: previews, evaluations, the proof of resuming. */
export class TrainingJudge {
  readonly #parts: JudgeParts;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** Divides and checks, but trains nothing; what cannot be is a sentence in `problems`. */
  async preview(request: TrainRequest): Promise<TrainingPreview> {
    const problems: string[] = [];
    const attempt = <Result>(work: () => Result, fallback: Result): Result => {
      try {
        return work();
      } catch (error) {
        problems.push(errorInWords(error).reason);
        return fallback;
      }
    };
    const target = request.target ?? 'label';
    const data = await this.#parts.sources.open(request.extraction, request.layer ?? null);
    const config = attempt(() => trainingConfigOf(request), trainingConfigOf({}));
    const split = splitOf(request.split, data.rows, target, config.seed);
    const empty: ExampleTable = { classes: [], ids: [], labels: [], speakers: [], parts: [] };
    const table = attempt(() => divide(data.rows, target, split), empty);
    const first = table.ids.slice(0, 1);
    const { layout } = await data.features(first.length > 0 ? first : [data.rows[0]!.id]);
    const countsOf = (part: Part): number[] => {
      const counts = table.classes.map(() => 0);
      for (const index of partIndices(table, part)) counts[table.labels[index]!]! += 1;
      return counts;
    };
    const [train, validation, test] = [countsOf('train'), countsOf('validation'), countsOf('test')];
    const present = train.filter((count) => count > 0).length;
    if (table.ids.length > 0 && present < 2)
      problems.push(
        'Training needs at least two classes, but its part holds one only; choose another split.',
      );
    attempt(() => validateSampler(config.sampler, train), undefined);
    attempt(() => createHead(config.head, layout, table.classes.length), null);
    const steps = attempt(
      () => {
        const labels = Int32Array.from(table.labels);
        const examples = {
          layout,
          features: new Float32Array(0),
          frameOffsets: null,
          labels,
          classes: table.classes,
          ids: table.ids,
        };
        return countSteps(
          { examples, train: partIndices(table, 'train'), validation: new Int32Array(0) },
          config,
        );
      },
      { perEpoch: 0, total: 0 },
    );
    attempt(() => validateSchedule(config.schedule, steps.total), undefined);
    const rates = previewSchedule(
      config.schedule,
      initialSchedule(steps.total),
      config.optimizer.learningRate,
      0,
      steps.total,
      Math.max(1, steps.perEpoch),
    );
    const every = Math.max(1, Math.ceil(rates.length / MOST_RATES));
    return {
      config,
      split,
      layout,
      classes: table.classes.map((name, c) => ({
        name,
        train: train[c]!,
        validation: validation[c]!,
        test: test[c]!,
      })),
      stepsPerEpoch: steps.perEpoch,
      totalSteps: steps.total,
      learningRate: [...rates].flatMap((rate, i) => (i % every === 0 ? [[i, rate] as const] : [])),
      groupings: groupingChoices(
        data.rows
          .filter((row) => !row.isAugmented && row[target] !== null)
          .map(({ clip, ...known }) => ({ ...known, path: clip })),
        (clip) => clip[target],
      ),
      problems,
    };
  }

  /** Judges a checkpoint (the best, else the last) on a part (test, else validation) by the labels it was trained with. */
  async evaluate(
    job: RunJob,
    request: { readonly checkpoint?: string; readonly split?: Part } = {},
  ): Promise<EvaluationResult> {
    const { spec } = job;
    const stored = chosenCheckpoint(job, request.checkpoint);
    const part = request.split ?? (spec.parts.includes(2) ? 'test' : 'validation');
    const wanted = partIndices(spec, part);
    if (wanted.length === 0)
      throw new TrainingDataError(`The split of this run has no ${part} part; judge another one.`);
    const checkpoint = await job.read(stored);
    const examples = await readExamples(partOf(spec, wanted), await this.#parts.sources.reopen(spec.source));
    const { compute } = await this.#parts.devices.open(spec.backend);
    const all = Int32Array.from(examples.labels, (_, row) => row);
    const { evaluation, indices } = await evaluate(compute, checkpoint, examples, all);
    return evaluationResult(evaluation, {
      run: job.id,
      checkpoint: stored.key,
      part,
      classes: spec.classes,
      paths: [...indices].map((row) => examples.ids[row]!),
      labels: indices.map((row) => examples.labels[row]!),
      layerWeights: layerWeights(checkpoint),
    });
  }

  /** Names of the classes that a run's head predicts for these examples. */
  async predictions(job: RunJob, data: TrainingSourceData, ids: readonly string[]): Promise<string[]> {
    const { spec } = job;
    const checkpoint = await job.read(chosenCheckpoint(job));
    const { values, ...rest } = await data.features(ids);
    const labels = new Int32Array(ids.length).fill(-1);
    const { compute } = await this.#parts.devices.open(spec.backend);
    const examples = { ...rest, features: values, labels, classes: spec.classes, ids };
    const rows = Int32Array.from(ids, (_, row) => row);
    const logits = await predict(compute, checkpoint, examples, rows);
    const { length } = spec.classes;
    return ids.map((_, row) => {
      const own = logits.subarray(row * length, (row + 1) * length);
      return spec.classes[own.indexOf(Math.max(...own))] ?? '';
    });
  }

  /** Trains some steps straight and with a restart in the middle, on this device, and compares to the bit. */
  async prove(request: TrainRequest, steps = PROOF_STEPS): Promise<ResumeProof> {
    const { devices, runner, sources } = this.#parts;
    const config = trainingConfigOf(request);
    const target = request.target ?? 'label';
    const data = await sources.open(request.extraction, request.layer ?? null);
    const table = divide(data.rows, target, splitOf(request.split, data.rows, target, config.seed));
    const examples = await readExamples(table, data);
    const training = {
      examples,
      train: partIndices(table, 'train'),
      validation: partIndices(table, 'validation'),
    };
    checkTrainingData(training);
    return runner.inTurn(async () => {
      const { compute } = await devices.open(request.device ?? (await devices.preferred()));
      return proveResume({ compute, data: training, config }, steps);
    });
  }
}

/** @throws UnknownIdError when the run has no checkpoint of that name, or none at all. */
export function chosenCheckpoint(job: RunJob, key?: string): StoredCheckpoint {
  const stored = key === undefined ? (job.best ?? job.last) : job.checkpoint(key);
  if (!stored) throw new UnknownIdError('checkpoint', 'last');
  return stored;
}

/** The spec cut down to some of its examples. */
function partOf(spec: RunSpec, indices: Int32Array): Pick<RunSpec, 'ids' | 'labels' | 'classes'> {
  const rows = [...indices];
  return {
    classes: spec.classes,
    ids: rows.map((row) => spec.ids[row]!),
    labels: rows.map((row) => spec.labels[row]!),
  };
}
