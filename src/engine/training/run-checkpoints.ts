import { decodeCheckpoint } from '../../training/checkpoint.ts';
import { CheckpointError } from '../../training/errors.ts';
import { dataDigest } from '../../training/preflight.ts';
import { checkpointsToPrune, type RetentionPolicy } from '../../training/retention.ts';
import { decodeSafetensors, encodeSafetensors } from '../../training/safetensors.ts';
import { InvalidRequestError } from '../errors.ts';
import { readTrainingData } from './run-data.ts';
import type { RunJob } from './run-job.ts';
import type { RunSpec } from './run-record.ts';
import type { RunRegistry } from './run-registry.ts';
import { commitCheckpoint } from './run-runner.ts';
import type { TrainingSourceData } from './training-source.ts';

/** Member of an exported file's metadata that says of which run it is, so that it can be taken in elsewhere. */
const RUN = 'run';

export async function pinCheckpoint(job: RunJob, key: string, isPinned: boolean): Promise<void> {
  job.checkpoint(key);
  const others = job.progress.pinned.filter((one) => one !== key);
  await job.update({ pinned: isPinned ? [...others, key] : others });
}

/** @throws InvalidRequestError for the last, the best and pinned ones. */
export async function deleteCheckpoint(job: RunJob, key: string): Promise<void> {
  job.checkpoint(key);
  const refuse = (is: boolean, why: string): void => {
    if (is) throw new InvalidRequestError(`${key} ${why}`);
  };
  refuse(job.progress.pinned.includes(key), 'is pinned; unpin it first.');
  refuse(key === job.last?.key, 'is the last one, from which the run goes on, so it stays.');
  refuse(
    key === job.best?.key,
    'is the best one, so it stays; export it and remove the run to be rid of it.',
  );
  await job.record.forgetCheckpoint(key);
  await job.refreshCheckpoints();
}

/** Deletes what the policy does not keep, on branches that were left too; from now on it is the run's policy. */
export async function pruneCheckpoints(job: RunJob, policy: RetentionPolicy): Promise<void> {
  await job.update({ retention: policy });
  const [best, last, pinned] = [job.best?.key, job.last?.key, job.progress.pinned];
  const chain = new Set(job.chain.map(({ key }) => key));
  for (const of of [true, false]) {
    const some = job.allCheckpoints.filter(({ key }) => chain.has(key) === of);
    const doomed = checkpointsToPrune(
      some.map(({ key, meta }) => ({
        name: key,
        epoch: meta.epoch,
        step: meta.step,
        endsEpoch: meta.endsEpoch,
        isBest: key === best || key === last,
        isPinned: pinned.includes(key),
      })),
      policy,
    );
    for (const key of doomed) await job.record.forgetCheckpoint(key);
  }
  await job.refreshCheckpoints();
}

/** One safetensors file that PyTorch's reader opens, with the run it is of in its metadata. @throws DamagedRecordError */
export async function exportCheckpoint(job: RunJob, key: string): Promise<File> {
  const bytes = await job.record.read(job.checkpoint(key));
  const { tensors, metadata } = decodeSafetensors(bytes, key);
  const file = encodeSafetensors(tensors, { ...metadata, [RUN]: JSON.stringify(job.spec) });
  return new File([file], `${job.id}_${key}.safetensors`, { type: 'application/octet-stream' });
}

/**
 * Takes an exported checkpoint in as a run of its own that stands where the checkpoint does.
 * @throws CheckpointError when the file holds no training state or no run, or these are other embeddings.
 */
export async function importCheckpoint(
  runs: RunRegistry,
  file: File,
  open: (layer: number | null) => Promise<TrainingSourceData>,
): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const checkpoint = decodeCheckpoint(bytes, file.name);
  const { metadata } = decodeSafetensors(bytes, file.name);
  if (!metadata[RUN])
    throw new CheckpointError(
      `${file.name} does not say which clips were in which part, so its run cannot be continued; start a fresh run from its weights.`,
    );
  const original = JSON.parse(metadata[RUN]) as RunSpec;
  const data = await open(original.source.layer);
  const spec: RunSpec = {
    ...original,
    source: data.source,
    config: checkpoint.config,
    createdAt: new Date().toISOString(),
    parent: null,
    weightsFile: file.name,
  };
  const digest = await dataDigest(await readTrainingData(spec, data));
  if (digest !== checkpoint.dataDigest)
    throw new CheckpointError(
      `${file.name} was trained on other embeddings than those of “${data.source.name}”, so continuing would not be the same run; choose the extraction it came from, or start a fresh run from its weights.`,
    );
  const id = await runs.add(spec);
  const job = runs.job(id);
  await commitCheckpoint(job, checkpoint, null, original.backend);
  await job.setState(checkpoint.epoch >= checkpoint.config.epochs ? 'finished' : 'paused', null);
  await job.loadHistory();
  return id;
}
