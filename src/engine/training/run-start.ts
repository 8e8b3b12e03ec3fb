import { decodeCheckpoint } from '../../training/checkpoint.ts';
import type { Start } from '../../training/fit.ts';
import type { FeatureLayout } from '../../training/heads/head.ts';
import { createHead } from '../../training/heads/registry.ts';
import { readWeights } from '../../training/weights.ts';
import type { RunJob } from './run-job.ts';

/**
 * How a run begins that has no checkpoint yet: fresh, or from the weights it was given, with the standardiser they were
 * learned behind where the file has one.
 * @throws CheckpointError when the weights do not fit the head.
 */
export async function startWeights(job: RunJob, layout: FeatureLayout): Promise<Start> {
  const bytes = await job.record.readStartWeights();
  if (!bytes) return { kind: 'fresh' };
  const { spec } = job;
  const name = spec.weightsFile ?? spec.parent?.checkpoint ?? 'the weights';
  const { parameters: specs } = createHead(spec.config.head, layout, spec.classes.length);
  const parameters = readWeights(bytes, specs, name);
  try {
    return { kind: 'weights', parameters, standardiser: decodeCheckpoint(bytes, name).standardiser };
  } catch {
    // Weights from elsewhere hold no training state, which is all that is missing here.
    return { kind: 'weights', parameters };
  }
}
