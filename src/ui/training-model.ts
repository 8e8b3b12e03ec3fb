import type { EngineEvent, JobStatus, Playground } from '../engine/protocol.ts';
import type {
  CrossValidationResult,
  CrossValidationStatus,
  LabelCorrection,
  RunStatus,
  TrainingPlayground,
  TrainingSource,
  TrainRequest,
} from '../engine/training-protocol.ts';
import type { AppModel } from './app-model.ts';
import { defaultTrainingDraft, trainRequestOf, type TrainingDraft } from './training-draft.ts';

export type FullPlayground = Playground & TrainingPlayground;

/** What the views of training show; replaced, never changed in place. */
export interface TrainingState {
  readonly ready: boolean;
  readonly runs: readonly RunStatus[];
  readonly draft: TrainingDraft;
  /** Id of the extraction to train on; null before one was chosen. */
  readonly extractionId: string | null;
  /** A file brought along, used instead of an extraction. */
  readonly file: File | null;
  /** Newest first. */
  readonly crossValidations: readonly CrossValidationStatus[];
  /** By dataset, oldest first. */
  readonly corrections: ReadonlyMap<string, readonly LabelCorrection[]>;
}

const initialState: TrainingState = {
  ready: false,
  runs: [],
  draft: defaultTrainingDraft,
  extractionId: null,
  file: null,
  crossValidations: [],
  corrections: new Map(),
};

export const isActive = ({ state }: RunStatus): boolean => state === 'running' || state === 'queued';

export const newestRunFirst = (runs: readonly RunStatus[]): readonly RunStatus[] =>
  runs.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));

/**
 * The training half of what the page knows and does. Failures become notices of the {@link AppModel}, which stays the
 * one place for what is being done right now.
 */
export class TrainingModel {
  readonly playground: FullPlayground;
  readonly #app: AppModel;
  #state = initialState;
  #listeners = new Set<(state: TrainingState) => void>();
  #unsubscribe: (() => void) | null = null;

  constructor(playground: FullPlayground, app: AppModel) {
    this.playground = playground;
    this.#app = app;
  }

  get state(): TrainingState {
    return this.#state;
  }

  subscribe(listener: (state: TrainingState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    this.#unsubscribe ??= this.playground.subscribe((event) => this.#receive(event));
    const runs = await this.#app.run('Looking for runs…', () => this.playground.runs());
    for (const run of runs ?? []) this.receiveRun(run);
    const datasets = await this.run('Looking for datasets…', (playground) => playground.datasets());
    for (const { id } of datasets ?? []) await this.#readCorrections(id);
    const kept = await this.run('Looking for cross-validations…', (playground) =>
      playground.crossValidations(),
    );
    for (const each of kept ?? []) this.#receiveCrossValidation(each);
    this.#set({ ready: true });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /** Extractions with something committed: what can be trained on. */
  get extractions(): readonly JobStatus[] {
    return this.#app.state.jobs
      .filter(({ done }) => done > 0)
      .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  /** The file brought along, else the chosen extraction, else the newest one. */
  get source(): TrainingSource | null {
    return this.#state.file ?? this.extraction?.id ?? null;
  }

  get extraction(): JobStatus | null {
    if (this.#state.file) return null;
    const { extractions } = this;
    return extractions.find(({ id }) => id === this.#state.extractionId) ?? extractions[0] ?? null;
  }

  get request(): TrainRequest | null {
    const { source } = this;
    return source === null ? null : trainRequestOf(this.#state.draft, source);
  }

  chooseExtraction(extractionId: string): void {
    this.#set({ extractionId, file: null, draft: { ...this.#state.draft, layer: null } });
  }

  bringFile(file: File | null): void {
    this.#set({ file, draft: { ...this.#state.draft, layer: null } });
  }

  changeDraft(change: Partial<TrainingDraft>): void {
    this.#set({ draft: { ...this.#state.draft, ...change } });
  }

  /** Starts a run from the draft. */
  async train(weights?: TrainRequest['weights']): Promise<string | null> {
    const { request } = this;
    if (!request) return null;
    return this.#app.run('Starting the training…', async () => {
      const id = await this.playground.train(weights ? { ...request, weights } : request);
      this.receiveRun(await this.playground.run(id));
      return id;
    });
  }

  /** Starts a run with the settings of another on the labels as they are now. */
  async repeat({ config, source, target, split, name }: RunStatus): Promise<string | null> {
    return this.#app.run('Starting the training…', async () => {
      const id = await this.playground.train({
        ...config,
        extraction: source.id,
        target,
        split,
        name: `${name}, corrected`,
        ...(source.layer === null ? {} : { layer: source.layer }),
      });
      this.receiveRun(await this.playground.run(id));
      return id;
    });
  }

  /** Does something with the engine; a failure becomes a notice. */
  run<Result>(
    activity: string,
    action: (playground: FullPlayground) => Promise<Result>,
  ): Promise<Result | null> {
    return this.#app.run(activity, () => action(this.playground));
  }

  /** Starts a cross-validation or goes on with one; that it was paused meanwhile is no failure. */
  async crossValidate(
    work: (playground: FullPlayground) => Promise<CrossValidationResult>,
  ): Promise<CrossValidationResult | null> {
    return this.run('Cross-validating…', async (playground) => {
      try {
        return await work(playground);
      } catch (error) {
        if (error instanceof Error && error.name === 'CrossValidationPausedError') return null;
        throw error;
      }
    });
  }

  async act(activity: string, action: (playground: FullPlayground) => Promise<RunStatus>): Promise<void> {
    const run = await this.run(activity, action);
    if (run) this.receiveRun(run);
  }

  async correct(dataset: string, path: string, label: string | null): Promise<void> {
    const change = label === null ? { path, setAside: true } : { path, label, setAside: false };
    const isDone = await this.run('Correcting the label…', async (playground) => {
      await playground.relabel(dataset, [change]);
      return true;
    });
    if (isDone) await this.#readCorrections(dataset);
  }

  async undoCorrection(dataset: string): Promise<void> {
    const isDone = await this.run('Taking the correction back…', async (playground) => {
      await playground.undoRelabel(dataset);
      return true;
    });
    if (isDone) await this.#readCorrections(dataset);
  }

  /** What is corrected in a dataset, by this session and those before. */
  correctionsOf(dataset: string | null): readonly LabelCorrection[] {
    return (dataset === null ? null : this.#state.corrections.get(dataset)) ?? [];
  }

  async #readCorrections(dataset: string): Promise<void> {
    const corrections = await this.run('Reading the corrections…', (playground) =>
      playground.corrections(dataset),
    );
    if (corrections)
      this.#set({ corrections: new Map([...this.#state.corrections, [dataset, corrections]]) });
  }

  receiveRun(run: RunStatus): void {
    const { runs } = this.#state;
    this.#set({
      runs: runs.some(({ id }) => id === run.id)
        ? runs.map((old) => (old.id === run.id ? run : old))
        : [run, ...runs],
    });
  }

  #receive(event: EngineEvent): void {
    if (event.type === 'run') this.receiveRun(event.run);
    else if (event.type === 'run-removed')
      this.#set({ runs: this.#state.runs.filter(({ id }) => id !== event.id) });
    else if (event.type === 'dataset') void this.#readCorrections(event.dataset.id);
    else if (event.type === 'cross-validation') this.#receiveCrossValidation(event.crossValidation);
    else if (event.type === 'cross-validation-removed')
      this.#set({ crossValidations: this.#state.crossValidations.filter(({ id }) => id !== event.id) });
  }

  #receiveCrossValidation(one: CrossValidationStatus): void {
    const others = this.#state.crossValidations.filter(({ id }) => id !== one.id);
    const crossValidations = [one, ...others].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
    this.#set({ crossValidations });
  }

  #set(change: Partial<TrainingState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener(this.#state);
  }
}
