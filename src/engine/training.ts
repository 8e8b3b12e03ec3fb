import type { DatasetRegistry } from './dataset-registry.ts';
import type { DeviceManager } from './device-manager.ts';
import type { EncoderRegistry } from './encoder-registry.ts';
import type { EventHub } from './event-hub.ts';
import type { ExtractionRegistry } from './extraction-registry.ts';
import type { RemoteJobs } from './remote-jobs.ts';
import type { RetentionPolicy } from '../training/retention.ts';
import {
  deleteCheckpoint,
  exportCheckpoint,
  importCheckpoint,
  pinCheckpoint,
  pruneCheckpoints,
} from './run-checkpoints.ts';
import type { Part } from './run-record.ts';
import { RunRegistry } from './run-registry.ts';
import { RunRunner } from './run-runner.ts';
import type { StoreHolder } from './store-holder.ts';
import { EngineTrainingDevices } from './training-devices.ts';
import { TrainingJudge } from './training-judge.ts';
import type {
  CrossValidationRequest,
  ResumeRequest,
  TrainingSource,
  TrainRequest,
} from './training-protocol.ts';
import { TrainingSources } from './training-sources.ts';

/** What training needs of the rest of the engine. */
export interface TrainingParts {
  readonly stores: StoreHolder;
  readonly datasets: DatasetRegistry;
  readonly encoders: EncoderRegistry;
  readonly devices: DeviceManager;
  readonly extractions: ExtractionRegistry;
  readonly remote: RemoteJobs;
  readonly events: EventHub;
}

/** The training half of the engine, joined: its calls are part of what the worker exposes. */
export function createTraining({ stores, datasets, devices, extractions, remote, events }: TrainingParts) {
  const trainingDevices = new EngineTrainingDevices(devices);
  const sources = new TrainingSources(() => stores.current, extractions, datasets);
  const runner = new RunRunner({
    devices: trainingDevices,
    events,
    openSource: (source) => sources.reopen(source),
    isWritable: () => stores.isWritable,
  });
  const runs = new RunRegistry({ stores, sources, devices: trainingDevices, runner, events });

  const judge = new TrainingJudge({ devices: trainingDevices, runner, events, sources });

  /** `started` resolves when the store was read; every call waits for it. */
  const calls = (started: () => Promise<void>) => ({
    async train(request: TrainRequest) {
      await started();
      return runs.train(request);
    },
    async runs() {
      await started();
      return (await runs.list()).map((run) => remote.latestRun(run));
    },
    async run(id: string) {
      await started();
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

    async previewTraining(request: TrainRequest) {
      await started();
      return judge.preview(request);
    },
    evaluate: (id: string, request?: { readonly checkpoint?: string; readonly split?: Part }) =>
      judge.evaluate(runs.job(id), request),
    async crossValidate(request: CrossValidationRequest) {
      await started();
      return judge.crossValidate(request);
    },
    async proveResume(request: TrainRequest, steps?: number) {
      await started();
      return judge.prove(request, steps);
    },
  });

  return { refresh: () => runs.refresh(), calls };
}
