import { proxy } from 'comlink';
import { forgetFolder, rememberFolder, reopenFolder as rememberedFolder } from './dataset/folder-handle.ts';
import { intake, intakeHandle } from './dataset/intake.ts';
import type { Intake } from './dataset/found-file.ts';
import { LABEL_SCHEMES } from './dataset/naming.ts';
import { startEngine } from './engine/client.ts';
import { FilesNeededError } from './engine/errors.ts';
import { keepNote, recallNote } from './lib/page-memory.ts';
import type {
  BackendChoice,
  DatasetOptions,
  DatasetStatus,
  EngineEvent,
  Playground,
} from './engine/protocol.ts';
import type { TrainingPlayground } from './engine/training-protocol.ts';

/** What the page and scripts call. */
export type WholePlayground = Playground & TrainingPlayground;

declare global {
  interface Window {
    playground: WholePlayground;
  }
}

/** Where the page notes that a session ended in order, and not by a kill. */
const ENDED_SESSION = 'wavlm-playground ended session';

/**
 * Builds the scripting API over a freshly started engine worker. The page adds what a worker cannot do: walk a dropped
 * folder, ask for permissions, ask for persistent storage.
 */
export function createPlayground(choice: BackendChoice): WholePlayground {
  const listeners = new Set<(event: EngineEvent) => void>();
  const tell = (event: EngineEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const engine = startEngine(choice, ({ message: text }) => tell({ type: 'notice', level: 'error', text }));
  // Events are heard from the first one on; a failing start is told by the first call that needs the store.
  void engine.subscribe(proxy(tell));
  const startSession = async (): Promise<void> => {
    try {
      const session = await engine.start(recallNote(ENDED_SESSION));
      addEventListener('pagehide', () => keepNote(ENDED_SESSION, session ?? ''));
    } catch (error) {
      tell({ type: 'notice', level: 'error', text: error instanceof Error ? error.message : String(error) });
    }
  };
  void startSession();

  async function openFound(found: Intake, options: DatasetOptions): Promise<DatasetStatus> {
    const { directory, ...files } = found;
    const status = await engine.openDataset(files, directory ? 'folder' : 'files', options);
    if (directory) await rememberFolder(status.id, directory);
    return status;
  }

  /** Needs a user's gesture where the browser wants to ask again. @throws FilesNeededError */
  async function reopenFolder(datasetId: string): Promise<DatasetStatus> {
    const known = (await engine.datasets()).find(({ id }) => id === datasetId);
    if (known?.filesAvailable) return known;
    if (known?.origin === 'demo') return engine.openDemo();
    const name = known?.name ?? datasetId;
    const handle = await rememberedFolder(datasetId);
    const status = await openFound(await intakeHandle(handle), { name });
    if (status.id !== datasetId) {
      await forgetFolder(datasetId);
      throw new FilesNeededError(name);
    }
    return status;
  }

  return {
    device: () => engine.device(),
    useDevice: (wanted) => engine.useDevice(wanted),

    openDataset: async (source, options = {}) => openFound(await intake(source), options),
    openDemo: () => engine.openDemo(),
    datasets: () => engine.datasets(),
    utterances: (id, start = 0, end = Number.MAX_SAFE_INTEGER) => engine.utterances(id, start, end),
    labelSchemes: () =>
      Promise.resolve(LABEL_SCHEMES.map(({ id, title, example }) => ({ id, title, example }))),
    useLabelScheme: (id, scheme) => engine.useLabelScheme(id, scheme),
    reopenFolder,

    loadEncoder: (source, options = {}) => engine.loadEncoder(source, options.hub),
    encoders: () => engine.encoders(),
    embed: (clips, encoderId) => engine.embed(clips, encoderId),

    async extract(request) {
      await askForPersistence();
      return engine.extract(request);
    },
    jobs: () => engine.jobs(),
    job: (id) => engine.job(id),
    pause: (id) => engine.pause(id),
    async resume(id, options = {}) {
      await engine.requireWriter();
      const { dataset, state } = await engine.job(id);
      const known = (await engine.datasets()).find((candidate) => candidate.id === dataset.id);
      const needsFiles = state !== 'finished' || options.retryFailed === true;
      if (needsFiles && known && !known.filesAvailable) await reopenFolder(dataset.id);
      return engine.resume(id, options);
    },
    stop: (id) => engine.stop(id),
    finished: (id) => engine.finished(id),
    verify: (id) => engine.verify(id),
    repair: (id) => engine.repair(id),
    compact: (id) => engine.compact(id),
    remove: (id) => engine.remove(id),
    difference: (a, b) => engine.difference(a, b),

    exportEmbeddings: (id) => engine.exportEmbeddings(id),
    saveEmbeddings: (id, target) => engine.saveEmbeddings(id, target),
    exportShard: (id, name) => engine.exportShard(id, name),

    storage: () => engine.storage(),

    async train(request) {
      await askForPersistence();
      return engine.train(request);
    },
    runs: () => engine.runs(),
    run: (id) => engine.run(id),
    pauseRun: (id) => engine.pauseRun(id),
    stopRun: (id) => engine.stopRun(id),
    runFinished: (id) => engine.runFinished(id),
    previewResume: (id, request) => engine.previewResume(id, request),
    resumeRun: (id, request) => engine.resumeRun(id, request),
    removeRun: (id) => engine.removeRun(id),
    checkpoints: (id) => engine.checkpoints(id),
    pinCheckpoint: (id, name, isPinned) => engine.pinCheckpoint(id, name, isPinned),
    deleteCheckpoint: (id, name) => engine.deleteCheckpoint(id, name),
    pruneCheckpoints: (id, policy) => engine.pruneCheckpoints(id, policy),
    exportCheckpoint: (id, name) => engine.exportCheckpoint(id, name),
    importCheckpoint: (file, extraction) => engine.importCheckpoint(file, extraction),

    previewTraining: (request) => engine.previewTraining(request),
    evaluate: (id, request) => engine.evaluate(id, request),
    async crossValidate(request) {
      await askForPersistence();
      return engine.crossValidate(request);
    },
    crossValidations: () => engine.crossValidations(),
    resumeCrossValidation: (id) => engine.resumeCrossValidation(id),
    pauseCrossValidation: (id) => engine.pauseCrossValidation(id),
    removeCrossValidation: (id) => engine.removeCrossValidation(id),
    proveResume: (request, steps) => engine.proveResume(request, steps),
    map: (extraction, request) => engine.map(extraction, request),
    predict: (id, audio) => engine.predict(id, audio),
    exportRun: (id) => engine.exportRun(id),

    clip: (datasetId, path) => engine.clip(datasetId, path),
    relabel: (datasetId, changes) => engine.relabel(datasetId, changes),
    undoRelabel: (datasetId) => engine.undoRelabel(datasetId),
    corrections: (datasetId) => engine.corrections(datasetId),
    exportLabels: (datasetId) => engine.exportLabels(datasetId),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Asked before work is written; a browser that refuses keeps the data all the same until it runs out of room. */
async function askForPersistence(): Promise<void> {
  if (!(await navigator.storage.persisted())) await navigator.storage.persist();
}
