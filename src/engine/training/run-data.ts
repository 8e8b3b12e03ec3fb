import type { TrainingConfig } from '../../training/config.ts';
import type { Examples } from '../../training/examples.ts';
import type { TrainingData } from '../../training/preflight.ts';
import { epochLength } from '../../training/sampler.ts';
import { PARTS, type Part, type RunSpec } from './run-record.ts';
import type { TrainingSourceData } from './training-source.ts';

/** Positions of the examples of a part. */
export function partIndices(spec: Pick<RunSpec, 'parts'>, part: Part): Int32Array {
  const code = PARTS.indexOf(part);
  return Int32Array.from(spec.parts.flatMap((of, index) => (of === code ? [index] : [])));
}

/** Reads the numbers of a run's examples: the same bits as at its start, whatever was relabelled since. */
export async function readExamples(
  spec: Pick<RunSpec, 'ids' | 'labels' | 'classes'>,
  source: TrainingSourceData,
): Promise<Examples> {
  const { layout, values, frameOffsets } = await source.features(spec.ids);
  return {
    layout,
    features: values,
    frameOffsets,
    labels: Int32Array.from(spec.labels),
    classes: spec.classes,
    ids: spec.ids,
  };
}

export async function readTrainingData(spec: RunSpec, source: TrainingSourceData): Promise<TrainingData> {
  return {
    examples: await readExamples(spec, source),
    train: partIndices(spec, 'train'),
    validation: partIndices(spec, 'validation'),
  };
}

/** Updates per epoch, and in the whole run, without reading the embeddings. */
export function plannedSteps(spec: RunSpec, config: TrainingConfig): { perEpoch: number; total: number } {
  const counts = spec.classes.map(() => 0);
  spec.labels.forEach((label, index) => {
    if (spec.parts[index] === 0) counts[label]! += 1;
  });
  const perEpoch = Math.ceil(epochLength(config.sampler, counts) / config.batchSize);
  return { perEpoch, total: perEpoch * config.epochs };
}
