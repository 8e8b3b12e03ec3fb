import type {
  CheckpointStatus,
  CrossValidationRequest,
  CrossValidationResult,
  CrossValidationStatus,
  EmbeddingMap,
  EvaluationResult,
  LabelCorrection,
  Prediction,
  ResumePreview,
  ResumeRequest,
  RunState,
  RunStatus,
  TrainingPlayground,
  TrainingPreview,
  TrainRequest,
} from '../../../src/engine/training-protocol.ts';
import type { ResumeProof } from '../../../src/training/prove.ts';
import { FakePlayground, type FakeStart } from './fake-playground.ts';
import {
  emotions,
  fakeCheckpoints,
  fakeCrossValidation,
  fakeCrossValidationResult,
  fakeEmbeddingMap,
  fakeEvaluation,
  fakePreview,
  fakeRun,
} from './fake-runs.ts';

export interface FakeTrainingStart extends FakeStart {
  readonly runs?: readonly RunStatus[];
  readonly preview?: Partial<TrainingPreview>;
  /** What the first look at the embeddings fails with. */
  readonly previewFailure?: string;
  readonly refusals?: readonly string[];
  readonly mapPoints?: number;
  readonly crossValidations?: readonly CrossValidationStatus[];
  readonly corrections?: Readonly<Record<string, readonly LabelCorrection[]>>;
}

const digest = 'a3f1c09be2d47765a3f1c09be2d47765a3f1c09be2d47765a3f1c09be2d47765';

/** The whole playground without an engine: made-up runs that answer as the engine's do. */
export class FakeTrainingPlayground extends FakePlayground implements TrainingPlayground {
  #runs: Map<string, RunStatus>;
  #checkpoints = new Map<string, readonly CheckpointStatus[]>();
  readonly #corrections = new Map<string, readonly LabelCorrection[]>();
  readonly #crossValidations: Map<string, CrossValidationStatus>;
  readonly #start: FakeTrainingStart;
  #previewFailure: string | undefined;

  constructor(start: FakeTrainingStart = {}) {
    super(start);
    this.#start = start;
    this.#previewFailure = start.previewFailure;
    this.#runs = new Map((start.runs ?? []).map((run) => [run.id, run]));
    for (const [dataset, corrections] of Object.entries(start.corrections ?? {}))
      this.#corrections.set(dataset, corrections);
    this.#crossValidations = new Map((start.crossValidations ?? []).map((one) => [one.id, one]));
  }

  previewTraining(): Promise<TrainingPreview> {
    const failure = this.#previewFailure;
    this.#previewFailure = undefined;
    if (failure !== undefined) return Promise.reject(new Error(failure));
    return Promise.resolve(fakePreview(this.#start.preview));
  }

  train({ extraction, weights, ...request }: TrainRequest): Promise<string> {
    this.calls.push(
      `train(${JSON.stringify({ ...request, extraction: typeof extraction === 'string' ? extraction : extraction.name, ...(weights ? { weights: true } : {}) })})`,
    );
    const run = fakeRun(0.01, { id: `new${this.#runs.size}`, name: request.name ?? 'New run' });
    this.#runs.set(run.id, run);
    return Promise.resolve(run.id);
  }

  runs(): Promise<readonly RunStatus[]> {
    return Promise.resolve([...this.#runs.values()]);
  }

  run(id: string): Promise<RunStatus> {
    const run = this.#runs.get(id);
    return run ? Promise.resolve(run) : Promise.reject(new Error(`There is no run ${id}.`));
  }

  pauseRun(id: string): Promise<RunStatus> {
    return this.#move(id, 'pauseRun', 'paused');
  }

  stopRun(id: string): Promise<RunStatus> {
    return this.#move(id, 'stopRun', 'stopped');
  }

  runFinished(id: string): Promise<RunStatus> {
    return this.run(id);
  }

  async previewResume(id: string, request: ResumeRequest = {}): Promise<ResumePreview> {
    const run = await this.run(id);
    const epochs = request.epochs ?? run.epochs;
    return {
      changes: [
        ...(epochs === run.epochs ? [] : [{ path: 'epochs', from: run.epochs, to: epochs }]),
        ...Object.entries(request.changes ?? {}).map(([path, to]) => ({
          path,
          from: run.config[path as keyof typeof run.config],
          to,
        })),
      ],
      refusals: this.#start.refusals ?? [],
      learningRate: fakePreview().learningRate.filter(([step]) => step >= run.step),
    };
  }

  resumeRun(id: string, request: ResumeRequest = {}): Promise<RunStatus> {
    return this.#move(id, `resumeRun ${JSON.stringify(request)} `, 'running');
  }

  removeRun(id: string): Promise<void> {
    this.calls.push(`removeRun(${id})`);
    this.#runs.delete(id);
    this.emit({ type: 'run-removed', id });
    return Promise.resolve();
  }

  async checkpoints(id: string): Promise<readonly CheckpointStatus[]> {
    return this.#checkpoints.get(id) ?? fakeCheckpoints(await this.run(id));
  }

  async pinCheckpoint(id: string, name: string, isPinned: boolean): Promise<readonly CheckpointStatus[]> {
    this.calls.push(`pinCheckpoint(${name}, ${isPinned})`);
    const list = (await this.checkpoints(id)).map((each) =>
      each.name === name ? { ...each, isPinned } : each,
    );
    this.#checkpoints.set(id, list);
    return list;
  }

  async deleteCheckpoint(id: string, name: string): Promise<readonly CheckpointStatus[]> {
    this.calls.push(`deleteCheckpoint(${name})`);
    const list = (await this.checkpoints(id)).filter((each) => each.name !== name);
    this.#checkpoints.set(id, list);
    return list;
  }

  pruneCheckpoints(id: string, policy: unknown): Promise<readonly CheckpointStatus[]> {
    this.calls.push(`pruneCheckpoints(${JSON.stringify(policy)})`);
    return this.checkpoints(id);
  }

  exportCheckpoint(_id: string, name: string): Promise<File> {
    this.calls.push(`exportCheckpoint(${name})`);
    return Promise.resolve(new File(['{}'], `${name}.safetensors`));
  }

  importCheckpoint(file: File): Promise<string> {
    this.calls.push(`importCheckpoint(${file.name})`);
    const run = fakeRun(0.4, { id: 'imported', name: 'Imported', state: 'paused' });
    this.#runs.set(run.id, run);
    return Promise.resolve(run.id);
  }

  async evaluate(
    id: string,
    request: Parameters<TrainingPlayground['evaluate']>[1] = {},
  ): Promise<EvaluationResult> {
    this.calls.push(`evaluate(${JSON.stringify(request)})`);
    return fakeEvaluation(await this.run(id), request.split);
  }

  crossValidate(request: CrossValidationRequest): Promise<CrossValidationResult> {
    this.calls.push(`crossValidate(${JSON.stringify({ groups: request.groups, folds: request.folds })})`);
    const { pooled } = fakeCrossValidationResult;
    const crossValidation = fakeCrossValidation({ id: 'new' }, fakeCrossValidationResult.folds.length);
    this.#crossValidations.set('new', crossValidation);
    this.emit({ type: 'cross-validation', crossValidation });
    return Promise.resolve({ ...fakeCrossValidationResult, pooled });
  }

  crossValidations(): Promise<readonly CrossValidationStatus[]> {
    return Promise.resolve([...this.#crossValidations.values()]);
  }

  resumeCrossValidation(id: string): Promise<CrossValidationResult> {
    this.calls.push(`resumeCrossValidation(${id})`);
    const { createdAt = '' } = this.#crossValidations.get(id) ?? {};
    const crossValidation = fakeCrossValidation({ id, createdAt }, fakeCrossValidationResult.folds.length);
    this.emit({ type: 'cross-validation', crossValidation });
    return Promise.resolve(fakeCrossValidationResult);
  }

  pauseCrossValidation(id: string): Promise<CrossValidationStatus> {
    this.calls.push(`pauseCrossValidation(${id})`);
    const crossValidation = fakeCrossValidation({ id, state: 'paused' }, 1);
    this.emit({ type: 'cross-validation', crossValidation });
    return Promise.resolve(crossValidation);
  }

  removeCrossValidation(id: string): Promise<void> {
    this.calls.push(`removeCrossValidation(${id})`);
    this.emit({ type: 'cross-validation-removed', id });
    return Promise.resolve();
  }

  proveResume(_request: TrainRequest, steps = 20): Promise<ResumeProof> {
    this.calls.push(`proveResume(${steps})`);
    return Promise.resolve({
      identical: true,
      steps,
      restartStep: steps / 2,
      straightDigest: digest,
      resumedDigest: digest,
      firstDifferentStep: null,
      sentence: `Bit-identical: ${steps} steps straight and ${steps} steps with a restart after step ${steps / 2} end in the same state, SHA-256 ${digest}.`,
    });
  }

  map(_extraction: unknown, request: { readonly method?: 'pca' | 'umap' } = {}): Promise<EmbeddingMap> {
    return Promise.resolve(fakeEmbeddingMap(this.#start.mapPoints ?? 2000, request.method));
  }

  predict(): Promise<Prediction> {
    this.calls.push('predict()');
    return Promise.resolve({
      classes: emotions,
      probabilities: Float32Array.from([0.62, 0.05, 0.08, 0.2, 0.03, 0.02]),
      weights: null,
    });
  }

  exportRun(id: string): Promise<File> {
    this.calls.push(`exportRun(${id})`);
    return Promise.resolve(new File(['PK'], 'run.zip'));
  }

  clip(_dataset: string, path: string): Promise<File> {
    this.calls.push(`clip(${path})`);
    return Promise.resolve(new File([silence()], 'clip.wav', { type: 'audio/wav' }));
  }

  relabel(
    dataset: string,
    changes: readonly { readonly path: string; readonly label?: string; readonly setAside?: boolean }[],
  ): Promise<void> {
    this.calls.push(`relabel(${dataset}, ${JSON.stringify(changes)})`);
    const before = this.#corrections.get(dataset) ?? [];
    const step = (before.at(-1)?.step ?? -1) + 1;
    const made = changes.map(({ path, label = null, setAside = null }) => ({
      path,
      from: 'fear',
      label,
      setAside,
      at: '2025-03-01T10:00:00.000Z',
      step,
    }));
    this.#corrections.set(dataset, [...before, ...made]);
    return Promise.resolve();
  }

  undoRelabel(dataset: string): Promise<void> {
    this.calls.push(`undoRelabel(${dataset})`);
    const before = this.#corrections.get(dataset) ?? [];
    const last = before.at(-1)?.step;
    this.#corrections.set(
      dataset,
      before.filter(({ step }) => step !== last),
    );
    return Promise.resolve();
  }

  corrections(dataset: string): Promise<readonly LabelCorrection[]> {
    return Promise.resolve(this.#corrections.get(dataset) ?? []);
  }

  exportLabels(dataset: string): Promise<File> {
    this.calls.push(`exportLabels(${dataset})`);
    return Promise.resolve(new File(['path,label'], 'labels.csv'));
  }

  async #move(id: string, call: string, state: RunState): Promise<RunStatus> {
    this.calls.push(`${call}(${id})`);
    const run = { ...(await this.run(id)), state };
    this.#runs.set(id, run);
    this.emit({ type: 'run', run });
    return run;
  }
}

/** A tenth of a second of nothing: 16 kHz, 16 bits, one channel. */
function silence(): Uint8Array<ArrayBuffer> {
  const samples = 1600;
  const bytes = new Uint8Array(44 + 2 * samples);
  const view = new DataView(bytes.buffer);
  const write = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  write(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples, true);
  write(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 16_000, true);
  view.setUint32(28, 32_000, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, 'data');
  view.setUint32(40, 2 * samples, true);
  return bytes;
}
