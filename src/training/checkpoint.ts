import { canonicalJson, type JsonValue } from '../lib/canonical-json.ts';
import { sha256Stream } from '../lib/digest.ts';
import type { RngState } from '../lib/rng.ts';
import { sizeOf } from './compute/compute.ts';
import { asJson, type TrainingConfig } from './config.ts';
import { CheckpointError } from './errors.ts';
import type { FeatureLayout } from './heads/head.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';
import type { MetricSummary } from './metrics/evaluation.ts';
import type { SamplerState } from './sampler.ts';
import type { ScheduleState } from './schedule.ts';
import type { Standardiser } from './standardise.ts';

/** One epoch in the history; plain JSON, and without times, so that a resumed run's history is equal. */
export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** Updates done when it ended. */
  readonly step: number;
  readonly learningRate: number;
  /** Mean of the batch losses, each weighted by its number of examples. */
  readonly trainLoss: number;
  /** Over the batches as they were learned from (with dropout). */
  readonly trainAccuracy: number;
  readonly validation: MetricSummary | null;
}

/** Settings that were changed when a run was continued. */
export interface ChangeRecord {
  readonly step: number;
  readonly changes: readonly { readonly path: string; readonly from: JsonValue; readonly to: JsonValue }[];
}

export interface History {
  readonly epochs: readonly EpochRecord[];
  readonly changes: readonly ChangeRecord[];
  /** One entry per update: loss, right answers, examples, learning rate. */
  readonly stepLoss: Float32Array;
  readonly stepCorrect: Int32Array;
  readonly stepExamples: Int32Array;
  readonly stepLearningRate: Float64Array;
}

export interface BestScore {
  readonly metric: string;
  readonly score: number;
  readonly epoch: number;
  readonly step: number;
}

/** Where a checkpoint comes from; the only part that may differ between equal states. */
export interface Lineage {
  /** Of the run it belongs to; empty while nobody named it. */
  readonly run: string;
  /** Name of the checkpoint that this stretch of training started from; null for a fresh start. */
  readonly parent: string | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly reason: 'epoch' | 'step' | 'pause';
}

/** Everything that decides how a run goes on: restored on the same device, it continues bit for bit. */
export interface Checkpoint {
  readonly config: TrainingConfig;
  readonly layout: FeatureLayout;
  readonly classes: readonly string[];
  /** Digest of the examples and the split it was trained on. */
  readonly dataDigest: string;
  /** Finished epochs, and updates in all; inside an epoch the sampler's cursor says how far. */
  readonly epoch: number;
  readonly step: number;
  readonly schedule: ScheduleState;
  readonly sampler: SamplerState;
  readonly dropoutRng: RngState;
  readonly best: BestScore | null;
  readonly history: History;
  readonly standardiser: Standardiser | null;
  /** Weights under their PyTorch names. */
  readonly parameters: readonly NamedArray[];
  /** Optimizer slots as `exp_avg.output.weight`… */
  readonly slots: readonly NamedArray[];
  readonly lineage: Lineage;
}

export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

const formatName = 'wavlm-playground-checkpoint';
const formatVersion = 1;

/** Name of a checkpoint from where it stands: `epoch_0003_step_0001047`. */
export function checkpointName({ epoch, step }: Pick<Checkpoint, 'epoch' | 'step'>): string {
  return `epoch_${String(epoch).padStart(4, '0')}_step_${String(step).padStart(7, '0')}`;
}

/** One safetensors file: weights under their own names, slots and history beside them, the rest as JSON. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(tensorsOf(checkpoint), {
    format: 'pt',
    [formatName]: String(formatVersion),
    state: canonicalJson(stateOf(checkpoint)),
    lineage: canonicalJson({ ...checkpoint.lineage }),
  });
}

/** SHA-256 over everything but the lineage: two runs that are equal to the bit have the same. */
export async function stateDigest(checkpoint: Checkpoint): Promise<string> {
  const digest = await sha256Stream();
  digest.update(encodeSafetensors(tensorsOf(checkpoint), { state: canonicalJson(stateOf(checkpoint)) }));
  return digest.hex();
}

/**
 * Reads what `encodeCheckpoint` wrote.
 * @throws CheckpointError when the file is no safetensors, holds no training state, or is of a newer format.
 */
export function decodeCheckpoint(bytes: Uint8Array<ArrayBuffer>, fileName = 'the checkpoint'): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, fileName);
  const version = metadata[formatName];
  if (version === undefined || !metadata['state'] || !metadata['lineage'])
    throw new CheckpointError(
      `${fileName} holds weights but no training state, so no run can be continued from it; start a fresh run from its weights.`,
    );
  if (Number(version) > formatVersion)
    throw new CheckpointError(
      `${fileName} is of checkpoint format ${version}, newer than this app can read (${formatVersion}); open it with the newer app.`,
    );
  const state = parseJson(metadata['state'], fileName) as StoredState;
  const lineage = parseJson(metadata['lineage'], fileName) as Lineage;
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const take = <Values>(name: string, type: new (length: number) => Values): Values => {
    const values = byName.get(name)?.values;
    if (!(values instanceof type))
      throw new CheckpointError(
        `${fileName} lacks “${name}”; it is damaged or was edited. Go back to an older one.`,
      );
    return values;
  };
  const floats = (names: readonly string[], prefix: string): NamedArray[] =>
    names.map((name) => {
      const values = take<Float32Array<ArrayBuffer>>(prefix + name, Float32Array);
      const shape = byName.get(prefix + name)?.shape ?? [];
      if (sizeOf(shape) !== values.length)
        throw new CheckpointError(`${fileName}: “${name}” has a wrong size.`);
      return { name, shape, values };
    });
  const { parameterNames, slotNames, epochs, changes, hasStandardiser, ...rest } = state;
  return {
    ...rest,
    history: {
      epochs,
      changes,
      stepLoss: take('history.step_loss', Float32Array),
      stepCorrect: take('history.step_correct', Int32Array),
      stepExamples: take('history.step_examples', Int32Array),
      stepLearningRate: take('history.step_learning_rate', Float64Array),
    },
    standardiser: hasStandardiser
      ? {
          mean: take('standardiser.mean', Float32Array),
          deviation: take('standardiser.deviation', Float32Array),
        }
      : null,
    parameters: floats(parameterNames, ''),
    slots: floats(slotNames, 'optimizer.'),
    lineage,
  };
}

type StoredState = Omit<Checkpoint, 'history' | 'standardiser' | 'parameters' | 'slots' | 'lineage'> & {
  readonly parameterNames: readonly string[];
  readonly slotNames: readonly string[];
  readonly epochs: readonly EpochRecord[];
  readonly changes: readonly ChangeRecord[];
  readonly hasStandardiser: boolean;
};

function parseJson(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CheckpointError(
      `The training state in ${fileName} is no JSON. Go back to an older checkpoint.`,
    );
  }
}

function stateOf(checkpoint: Checkpoint): JsonValue {
  const { history, standardiser, parameters, slots, lineage: _lineage, ...rest } = checkpoint;
  const state: StoredState = {
    ...rest,
    parameterNames: parameters.map(({ name }) => name),
    slotNames: slots.map(({ name }) => name),
    epochs: history.epochs,
    changes: history.changes,
    hasStandardiser: standardiser !== null,
  };
  return asJson(state);
}

function tensorsOf({ parameters, slots, history, standardiser }: Checkpoint): NamedTensor[] {
  const vector = (name: string, values: NamedTensor['values']): NamedTensor => ({
    name,
    shape: [values.length],
    values,
  });
  return [
    ...parameters,
    ...slots.map((slot) => ({ ...slot, name: `optimizer.${slot.name}` })),
    vector('history.step_loss', history.stepLoss),
    vector('history.step_correct', history.stepCorrect),
    vector('history.step_examples', history.stepExamples),
    vector('history.step_learning_rate', history.stepLearningRate),
    ...(standardiser
      ? [
          vector('standardiser.mean', standardiser.mean),
          vector('standardiser.deviation', standardiser.deviation),
        ]
      : []),
  ];
}
