import type { DecodePool } from '../../audio/pool.ts';
import type { DatasetRegistry } from '../dataset-registry.ts';
import type { DeviceManager } from '../device-manager.ts';
import type { EncoderRegistry } from '../encoder-registry.ts';
import { CrossValidations } from './cross-validations.ts';
import { embeddingMap } from './embedding-map.ts';
import { InvalidRequestError } from '../errors.ts';
import type { EventHub } from '../event-hub.ts';
import type { ExtractionRegistry } from '../extraction/extraction-registry.ts';
import type { LabelChange } from '../label-layer.ts';
import type { RemoteJobs } from '../remote-jobs.ts';
import type { RetentionPolicy } from '../../training/retention.ts';
import {
  deleteCheckpoint,
  exportCheckpoint,
  importCheckpoint,
  pinCheckpoint,
  pruneCheckpoints,
} from './run-checkpoints.ts';
import { exportRun } from './run-export.ts';
import { predictRecording } from './run-predict.ts';
import type { Part } from './run-record.ts';
import { RunRegistry } from './run-registry.ts';
import { RunRunner } from './run-runner.ts';
import type { StoreHolder } from '../store-holder.ts';
import { EngineTrainingDevices } from './training-devices.ts';
import { TrainingJudge } from './training-judge.ts';
import type {
  CrossValidationRequest,
  ResumeRequest,
  TrainingSource,
  TrainRequest,
} from '../training-protocol.ts';
import { TrainingSources } from './training-sources.ts';

/** What training needs of the rest of the engine. */
export interface TrainingParts {
  readonly stores: StoreHolder;
  readonly datasets: DatasetRegistry;
  readonly encoders: EncoderRegistry;
  readonly devices: DeviceManager;
  readonly extractions: ExtractionRegistry;
  readonly pool: DecodePool;
  readonly remote: RemoteJobs;
  readonly events: EventHub;
}

/** The training half of the engine, joined: its calls are part of what the worker exposes. */
export function createTraining(parts: TrainingParts) {
  const { stores, datasets, encoders, devices, extractions, pool, remote, events } = parts;
  const trainingDevices = new EngineTrainingDevices(devices);
  const sources = new TrainingSources(() => stores.current, extractions, datasets);
  const runner = new RunRunner({
    devices: trainingDevices,
    events,
    openSource: (source) => sources.reopen(source),
    isWritable: () => stores.isWritable,
  });
  const runs = new RunRegistry({ stores, sources, devices: trainingDevices, runner, events });

  const judge = new TrainingJudge({ devices: trainingDevices, runner, sources });
  const crossValidations = new CrossValidations({
    stores,
    sources,
    devices: trainingDevices,
    runner,
    events,
    isSourceNeeded: (source) => runs.learnsFrom(source),
  });

  /** `started` resolves when the store was read; every call waits for it. */
  const calls = (started: () => Promise<void>) => ({
    async train(request: TrainRequest) {
      await started();
      return runs.train(request);
    },
    async runs() {
      await started();
      await remote.look();
      return (await runs.list()).map((run) => remote.latestRun(run));
    },
    async run(id: string) {
      await started();
      await remote.look();
      return remote.latestRun(await runs.status(id));
    },
    pauseRun: (id: string) => runs.end(id, 'pause'),
    stopRun: (id: string) => runs.end(id, 'stop'),
    runFinished: (id: string) => runs.finished(id),
    previewResume: (id: string, request?: ResumeRequest) => runs.previewResume(id, request),
    async resumeRun(id: string, request?: ResumeRequest) {
      await started();
      return runs.resume(id, request);
    },
    removeRun: (id: string) => runs.remove(id),

    async checkpoints(id: string) {
      await started();
      return runs.job(id).checkpointStatuses();
    },
    async pinCheckpoint(id: string, name: string, isPinned: boolean) {
      await stores.writer();
      await pinCheckpoint(runs.job(id), name, isPinned);
      return runs.job(id).checkpointStatuses();
    },
    async deleteCheckpoint(id: string, name: string) {
      await stores.writer();
      await deleteCheckpoint(runs.job(id), name);
      return runs.job(id).checkpointStatuses();
    },
    async pruneCheckpoints(id: string, policy: RetentionPolicy) {
      await stores.writer();
      await pruneCheckpoints(runs.job(id), policy);
      return runs.job(id).checkpointStatuses();
    },
    exportCheckpoint: (id: string, name: string) => exportCheckpoint(runs.job(id), name),
    async importCheckpoint(file: File, extraction: TrainingSource) {
      await started();
      await stores.writer();
      return importCheckpoint(runs, file, (layer) => sources.keep(extraction, layer));
    },

    async map(
      extraction: TrainingSource,
      request: { readonly method?: 'pca' | 'umap'; readonly run?: string } = {},
    ) {
      await started();
      const job = request.run === undefined ? null : runs.job(request.run);
      const data = await sources.open(extraction, job?.spec.source.layer ?? null);
      return embeddingMap(data, request.method ?? 'pca', job && { job, judge });
    },
    async predict(id: string, audio: File | { readonly samples: Float32Array; readonly sampleRate: number }) {
      await started();
      const job = runs.job(id);
      if (job.spec.source.kind === 'file')
        throw new InvalidRequestError(
          'This head learned from an .npz, so the encoder for a recording is not known; score an .npz by the Python file of the export.',
        );
      const extraction = extractions.job(job.spec.source.id);
      return predictRecording({ pool, devices, encoders, trainingDevices }, job, extraction, audio);
    },
    async exportRun(id: string) {
      await started();
      return exportRun(runs.job(id), await runs.status(id), judge);
    },

    async clip(datasetId: string, path: string) {
      await started();
      await datasets.requireFiles(datasetId, datasets.get(datasetId).name);
      return datasets.openFile(datasetId, path);
    },
    async relabel(datasetId: string, changes: readonly LabelChange[]) {
      await started();
      await stores.writer();
      await datasets.relabel(datasetId, changes);
    },
    async undoRelabel(datasetId: string) {
      await started();
      await stores.writer();
      await datasets.undoRelabel(datasetId);
    },
    async corrections(datasetId: string) {
      await started();
      return datasets.corrections(datasetId);
    },
    exportLabels: (datasetId: string) => datasets.exportLabels(datasetId),

    async previewTraining(request: TrainRequest) {
      await started();
      return judge.preview(request);
    },
    evaluate: (id: string, request?: { readonly checkpoint?: string; readonly split?: Part }) =>
      judge.evaluate(runs.job(id), request),
    async crossValidate(request: CrossValidationRequest) {
      await started();
      return crossValidations.start(request);
    },
    async crossValidations() {
      await started();
      return crossValidations.list();
    },
    async resumeCrossValidation(id: string) {
      await started();
      return crossValidations.resume(id);
    },
    async pauseCrossValidation(id: string) {
      await started();
      return crossValidations.pause(id);
    },
    async removeCrossValidation(id: string) {
      await started();
      await crossValidations.remove(id);
    },
    async proveResume(request: TrainRequest, steps?: number) {
      await started();
      return judge.prove(request, steps);
    },
  });

  const refresh = async (): Promise<void> => {
    await runs.refresh();
    await crossValidations.refresh();
  };
  return { refresh, calls };
}
