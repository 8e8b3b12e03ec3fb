import type {
  BackendChoice,
  DatasetOptions,
  DatasetStatus,
  DeviceStatus,
  DownloadProgress,
  EncoderStatus,
  EngineEvent,
  JobStatus,
  Playground,
  StorageStatus,
  ResumeOptions,
} from '../engine/protocol.ts';
import { defaultDraft, requestOf, type ExtractionDraft } from './extraction-draft.ts';

export interface Notice {
  readonly key: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

export type LabelScheme = Awaited<ReturnType<Playground['labelSchemes']>>[number];

/** All that the views show; replaced, never changed in place. */
export interface AppState {
  /** False until the first answers of the engine are in. */
  readonly ready: boolean;
  readonly device: DeviceStatus | null;
  readonly deviceChoice: BackendChoice;
  readonly storage: StorageStatus | null;
  readonly datasets: readonly DatasetStatus[];
  readonly encoders: readonly EncoderStatus[];
  readonly jobs: readonly JobStatus[];
  readonly labelSchemes: readonly LabelScheme[];
  readonly download: DownloadProgress | null;
  readonly notices: readonly Notice[];
  /** What is being done right now, as sentences, in order of start. */
  readonly activities: readonly string[];
  readonly datasetId: string | null;
  readonly encoderId: string | null;
  readonly draft: ExtractionDraft;
}

const initialState: AppState = {
  ready: false,
  device: null,
  deviceChoice: 'auto',
  storage: null,
  datasets: [],
  encoders: [],
  jobs: [],
  labelSchemes: [],
  download: null,
  notices: [],
  activities: [],
  datasetId: null,
  encoderId: null,
  draft: defaultDraft,
};

const replaceById = <Item extends { readonly id: string }>(
  items: readonly Item[],
  item: Item,
): readonly Item[] =>
  items.some(({ id }) => id === item.id)
    ? items.map((old) => (old.id === item.id ? item : old))
    : [item, ...items];

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** How often the used and free space are asked for while something is written. */
const storageEveryMs = 5000;

/** A closed picker is a decision, not an error. */
const isDismissal = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/**
 * What the page knows and does: listens to the engine, keeps one state for all views, and turns every failure into a
 * notice. Views read `state` and call the methods; they never talk to the engine themselves.
 */
export class AppModel {
  readonly playground: Playground;
  #state = initialState;
  #listeners = new Set<(state: AppState) => void>();
  #noticeKey = 0;
  #storageAskedAt = 0;
  #unsubscribe: (() => void) | null = null;

  constructor(playground: Playground) {
    this.playground = playground;
  }

  get state(): AppState {
    return this.#state;
  }

  get dataset(): DatasetStatus | null {
    return this.#state.datasets.find(({ id }) => id === this.#state.datasetId) ?? null;
  }

  get encoder(): EncoderStatus | null {
    return this.#state.encoders.find(({ id }) => id === this.#state.encoderId) ?? null;
  }

  /** Calls back on every change until the returned function is called. */
  subscribe(listener: (state: AppState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for all that is remembered and listens from then on. */
  async start(): Promise<void> {
    const { playground } = this;
    this.#unsubscribe ??= playground.subscribe((event) => this.#receive(event));
    await Promise.all([
      this.#ask(
        () => playground.datasets(),
        (datasets) => this.#mergeDatasets(datasets),
      ),
      this.#ask(
        () => playground.encoders(),
        (encoders) => this.#mergeEncoders(encoders),
      ),
      this.#ask(
        () => playground.jobs(),
        (jobs) => this.#set({ jobs: jobs.reduce((all, job) => replaceById(all, job), this.#state.jobs) }),
      ),
      this.#ask(
        () => playground.labelSchemes(),
        (labelSchemes) => this.#set({ labelSchemes }),
      ),
      this.#ask(
        () => playground.storage(),
        (storage) => this.#set({ storage }),
      ),
    ]);
    this.#set({ ready: true });
    this.#loadBuiltIn();
    // The device is opened last: it may take seconds, and nothing on the page waits for it.
    void this.#ask(
      () => playground.device(),
      (device) => this.#set({ device }),
    );
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /**
   * Does something with the engine, saying `activity` meanwhile; a failure becomes a notice.
   * @returns what it gave, or null after a failure or a closed picker
   */
  async run<Result>(activity: string, action: () => Promise<Result>): Promise<Result | null> {
    this.#set({ activities: [...this.#state.activities, activity] });
    try {
      return await action();
    } catch (error) {
      if (!isDismissal(error)) this.notify('error', messageOf(error));
      return null;
    } finally {
      const activities = [...this.#state.activities];
      activities.splice(activities.indexOf(activity), 1);
      this.#set({ activities });
    }
  }

  async openDataset(
    source: Parameters<Playground['openDataset']>[0],
    options?: DatasetOptions,
  ): Promise<DatasetStatus | null> {
    return this.#opened(
      await this.run('Reading the folder…', () => this.playground.openDataset(source, options)),
    );
  }

  async openDemo(): Promise<DatasetStatus | null> {
    return this.#opened(await this.run('Opening the demo…', () => this.playground.openDemo()));
  }

  async reopenFolder(datasetId: string): Promise<DatasetStatus | null> {
    return this.#opened(
      await this.run('Reopening the folder…', () => this.playground.reopenFolder(datasetId)),
    );
  }

  async useLabelScheme(datasetId: string, scheme: string): Promise<void> {
    const dataset = await this.run('Reading the labels again…', () =>
      this.playground.useLabelScheme(datasetId, scheme),
    );
    if (dataset) this.#mergeDatasets([dataset]);
  }

  /** @param hub base address of a hub other than huggingface.co */
  async loadEncoder(source: string | readonly File[], hub?: string): Promise<EncoderStatus | null> {
    const activity = typeof source === 'string' ? `Loading ${source}…` : 'Reading the checkpoint…';
    const encoder = await this.run(activity, () =>
      this.playground.loadEncoder(source, hub === undefined ? {} : { hub }),
    );
    this.#set({ download: null });
    if (encoder) {
      this.#mergeEncoders([encoder]);
      this.#set({ encoderId: encoder.id });
    }
    return encoder;
  }

  async useDevice(choice: BackendChoice): Promise<void> {
    this.#set({ deviceChoice: choice });
    const device = await this.run('Opening the device…', () => this.playground.useDevice(choice));
    if (device) this.#set({ device });
  }

  selectDataset(datasetId: string): void {
    this.#set({ datasetId });
  }

  selectEncoder(encoderId: string): void {
    this.#set({ encoderId });
  }

  changeDraft(change: Partial<ExtractionDraft>): void {
    this.#set({ draft: { ...this.#state.draft, ...change } });
  }

  /** Starts an extraction of the chosen dataset, with the built-in encoder when none is loaded. */
  async startExtraction(): Promise<string | null> {
    const { dataset } = this;
    if (!dataset) return null;
    const encoder = this.encoder ?? (await this.loadEncoder('wavlm-nano'));
    if (!encoder) return null;
    const { draft } = this.#state;
    return this.run('Starting the extraction…', async () => {
      const id = await this.playground.extract(requestOf(draft, dataset, encoder));
      this.receiveJob(await this.playground.job(id));
      return id;
    });
  }

  /** Carries on with an extraction, reopening its folder first where the recordings are not at hand. */
  async resume(id: string, options: ResumeOptions = {}): Promise<JobStatus | null> {
    const job = this.#state.jobs.find((each) => each.id === id);
    const dataset = this.#state.datasets.find((each) => each.id === job?.dataset.id);
    if (job && !dataset?.filesAvailable && !(await this.reopenFolder(job.dataset.id))) return null;
    const resumed = await this.run('Resuming…', () => this.playground.resume(id, options));
    if (resumed) this.receiveJob(resumed);
    return resumed;
  }

  receiveJob(job: JobStatus): void {
    const before = this.#state.jobs.find(({ id }) => id === job.id);
    this.#set({ jobs: replaceById(this.#state.jobs, job) });
    if (before?.state !== job.state || performance.now() - this.#storageAskedAt > storageEveryMs)
      this.#askStorage();
  }

  #askStorage(): void {
    this.#storageAskedAt = performance.now();
    void this.#ask(
      () => this.playground.storage(),
      (storage) => this.#set({ storage }),
    );
  }

  notify(level: Notice['level'], text: string): void {
    const same = this.#state.notices.find((notice) => notice.text === text && notice.level === level);
    const others = this.#state.notices.filter((notice) => notice !== same);
    this.#noticeKey += 1;
    this.#set({ notices: [...others, { key: this.#noticeKey, level, text }] });
  }

  dismiss(key: number | 'all'): void {
    this.#set({
      notices: key === 'all' ? [] : this.#state.notices.filter((notice) => notice.key !== key),
    });
  }

  #opened(dataset: DatasetStatus | null): DatasetStatus | null {
    if (!dataset) return null;
    this.#mergeDatasets([dataset]);
    this.#set({ datasetId: dataset.id });
    this.#loadBuiltIn();
    return dataset;
  }

  /** The built-in encoder is small and local: with it loaded beside a dataset, one click starts. */
  #loadBuiltIn(): void {
    const { datasets, encoders } = this.#state;
    if (datasets.length > 0 && encoders.length === 0) void this.loadEncoder('wavlm-nano');
  }

  #receive(event: EngineEvent): void {
    switch (event.type) {
      case 'device':
        return this.#set({ device: event.device });
      case 'dataset':
        return this.#mergeDatasets([event.dataset]);
      case 'encoder':
        return this.#mergeEncoders([event.encoder]);
      case 'download':
        return this.#set({ download: event.progress });
      case 'job':
        return this.receiveJob(event.job);
      case 'job-removed':
        return this.#set({ jobs: this.#state.jobs.filter(({ id }) => id !== event.id) });
      case 'storage':
        return this.#set({ storage: event.storage });
      case 'notice':
        return this.notify(event.level, event.text);
      case 'run':
      case 'run-removed':
      case 'cross-validation':
      case 'cross-validation-removed':
        // Of training: its own model listens for them.
        return;
    }
  }

  #mergeDatasets(datasets: readonly DatasetStatus[]): void {
    const merged = datasets.reduce((all, dataset) => replaceById(all, dataset), this.#state.datasets);
    this.#set({ datasets: merged, datasetId: this.#state.datasetId ?? merged[0]?.id ?? null });
  }

  #mergeEncoders(encoders: readonly EncoderStatus[]): void {
    const merged = encoders.reduce((all, encoder) => replaceById(all, encoder), this.#state.encoders);
    this.#set({ encoders: merged, encoderId: this.#state.encoderId ?? merged[0]?.id ?? null });
  }

  async #ask<Result>(question: () => Promise<Result>, take: (answer: Result) => void): Promise<void> {
    try {
      take(await question());
    } catch (error) {
      this.notify('error', messageOf(error));
    }
  }

  #set(change: Partial<AppState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener(this.#state);
  }
}
