import { LitElement, html, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Playground } from '../engine/protocol.ts';
import type { TrainingPlayground } from '../engine/training-protocol.ts';
import { AppModel, type AppState } from './app-model.ts';
import { shellStyles } from './app-shell.styles.ts';
import { backendName } from './elements/device-panel.ts';
import './elements/notice-stack.ts';
import { formatBytes, formatCounted, formatShare } from './format.ts';
import { icons, mark } from './icons.ts';
import { looksLikeCheckpoint, pickDirectory, readDrop, type Dropped } from './intake-drop.ts';
import { isUnfinished, progressOf } from './job-words.ts';
import { hrefOf, parseRoute, type Room, type Route } from './route.ts';
import { TrainingModel, type TrainingState } from './training-model.ts';
import { runProgress } from './run-words.ts';
import { currentTheme, startTheme, toggleTheme } from './theme.ts';
import './views/dataset-view.ts';
import './views/encoder-view.ts';
import './views/extract-view.ts';
import './views/job-view.ts';
import './views/run-view.ts';
import './views/runs-view.ts';
import './views/start-view.ts';
import './views/train-view.ts';

interface Stage {
  readonly room: Room;
  readonly title: string;
  readonly icon: TemplateResult;
}

/** The way of the data, left to right or top to bottom. */
const stages: readonly Stage[] = [
  { room: 'data', title: 'Data', icon: icons.data },
  { room: 'encoder', title: 'Encoder', icon: icons.encoder },
  { room: 'extract', title: 'Extract', icon: icons.extract },
  { room: 'train', title: 'Train', icon: icons.train },
  { room: 'runs', title: 'Runs', icon: icons.runs },
];

/**
 * The frame of the page: navigation along the way of the data, the view in hand, drops anywhere, notices. Owns the
 * model; everything below gets it as a property.
 */
@customElement('app-shell')
export class AppShell extends LitElement {
  @property({ attribute: false }) playground: (Playground & TrainingPlayground) | null = null;

  @state() private route: Route = parseRoute(location.hash);
  @state() private app: AppState | null = null;
  @state() private training: TrainingState | null = null;
  @state() private isDragging = false;
  @query('main') private main!: HTMLElement;

  #model: AppModel | null = null;
  #trainingModel: TrainingModel | null = null;
  #folderInput = this.#fileInput('folder-input', 'Choose a folder of audio', true);
  #filesInput = this.#fileInput('files-input', 'Choose audio files', false);
  #dragDepth = 0;
  #started: () => void = () => undefined;
  /** Resolves when the engine's first answers are on the page. */
  readonly ready = new Promise<void>((resolve) => (this.#started = resolve));

  static override styles = shellStyles;

  override connectedCallback(): void {
    super.connectedCallback();
    startTheme();
    const inputs = document.createElement('div');
    inputs.className = 'file-inputs';
    inputs.append(this.#folderInput, this.#filesInput);
    this.append(inputs);
    addEventListener('hashchange', this.#onHash);
    for (const [type, listener] of this.#dragListeners) addEventListener(type, listener);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('hashchange', this.#onHash);
    for (const [type, listener] of this.#dragListeners) removeEventListener(type, listener);
    this.#model?.stop();
    this.#trainingModel?.stop();
  }

  protected override willUpdate(): void {
    if (this.playground && this.#model?.playground !== this.playground) {
      this.#model?.stop();
      const model = new AppModel(this.playground);
      this.#model = model;
      this.app = model.state;
      model.subscribe((app) => (this.app = app));
      const training = new TrainingModel(this.playground, model);
      this.#trainingModel?.stop();
      this.#trainingModel = training;
      this.training = training.state;
      training.subscribe((state) => (this.training = state));
      void Promise.all([model.start(), training.start()]).then(() => this.#started());
    }
  }

  protected override updated(): void {
    const running = this.app?.jobs.find(({ state }) => state === 'running');
    document.title = running
      ? `${formatShare(progressOf(running))} · ${running.dataset.name} – WavLM Playground`
      : 'WavLM Playground';
  }

  // The inputs live in the light DOM, where scripts and assistive tools find them; buttons open them.
  #fileInput(testId: string, label: string, isFolder: boolean): HTMLInputElement {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.webkitdirectory = isFolder;
    input.tabIndex = -1;
    input.dataset['testid'] = testId;
    input.ariaLabel = label;
    input.addEventListener('change', () => {
      const files = Array.from(input.files ?? []);
      input.value = '';
      void this.#open({ folder: null, files, isCheckpoint: looksLikeCheckpoint(files) });
    });
    return input;
  }

  #onHash = (): void => {
    this.route = parseRoute(location.hash);
    scrollTo(0, 0);
    this.main.focus({ preventScroll: true });
  };

  readonly #dragListeners: readonly (readonly [string, (event: Event) => void])[] = [
    ['dragenter', (event) => this.#onDrag(event as DragEvent, 1)],
    ['dragleave', (event) => this.#onDrag(event as DragEvent, -1)],
    ['dragover', (event) => event.preventDefault()],
    ['drop', (event) => void this.#onDrop(event as DragEvent)],
  ];

  #onDrag(event: DragEvent, step: number): void {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.#dragDepth = Math.max(0, this.#dragDepth + step);
    this.isDragging = this.#dragDepth > 0;
  }

  async #onDrop(event: DragEvent): Promise<void> {
    // A view that takes the drop itself says so by preventing the default.
    const isTaken = event.defaultPrevented;
    event.preventDefault();
    this.#dragDepth = 0;
    this.isDragging = false;
    const { dataTransfer } = event;
    if (!dataTransfer || isTaken) return;
    // Read inside the event: the items are gone after the first await of anything else.
    const reading = readDrop(dataTransfer);
    const dropped = await this.#model?.run('Reading what was dropped…', () => reading);
    if (dropped) await this.#open(dropped);
  }

  async #open({ folder, files, isCheckpoint }: Dropped): Promise<void> {
    const model = this.#model;
    if (!model || (!folder && files.length === 0)) return;
    const [file, ...others] = files;
    if (file?.name.endsWith('.npz') && others.length === 0) {
      this.#trainingModel?.bringFile(file);
      location.hash = hrefOf('train');
      return;
    }
    if (isCheckpoint) {
      const encoder = await model.loadEncoder(files);
      if (encoder && this.route.room !== 'extract') location.hash = hrefOf('encoder');
      return;
    }
    const dataset = await model.openDataset(folder ?? files);
    if (!dataset) return;
    const waiting = model.state.jobs.find((job) => job.id === this.route.id && job.dataset.id === dataset.id);
    if (waiting && isUnfinished(waiting)) await model.resume(waiting.id);
    else location.hash = hrefOf('data');
  }

  /** A folder picker whose folder is remembered where there is one, else the plain input. */
  async #chooseFolder(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    if (!('showDirectoryPicker' in window)) return this.#folderInput.click();
    const folder = await model.run('Waiting for your choice of a folder…', () => pickDirectory('dataset'));
    if (folder) await this.#open({ folder: folder, files: [], isCheckpoint: false });
  }

  async #openDemo(): Promise<void> {
    if (await this.#model?.openDemo()) location.hash = hrefOf('data');
  }

  async #resume(id: string): Promise<void> {
    if (await this.#model?.resume(id)) location.hash = hrefOf('extract', id);
  }

  override render(): TemplateResult {
    const { app } = this;
    const model = this.#model;
    return html`
      <div
        class="frame"
        @choose-folder=${this.#chooseFolder}
        @choose-files=${() => this.#filesInput.click()}
        @open-demo=${this.#openDemo}
        @resume-job=${(event: CustomEvent<string>) => this.#resume(event.detail)}
      >
        <header class="rail">
          <button type="button" class="skip" @click=${() => this.main.focus()}>Skip to content</button>
          <a class="brand" href=${hrefOf('start')}>${mark(28)} <span>WavLM Playground</span></a>
          <nav aria-label="Steps">
            <ol>
              ${stages.map((stage) => this.#stage(stage, app))}
            </ol>
          </nav>
          <div class="foot">
            ${app ? this.#instruments(app) : ''}
            <button type="button" class="theme" @click=${this.#toggleTheme}>
              ${currentTheme() === 'dark' ? icons.sun : icons.moon}
              <span>${currentTheme() === 'dark' ? 'Light' : 'Dark'}</span>
              <span class="visually-hidden">theme</span>
            </button>
          </div>
        </header>
        <main id="main" tabindex="-1">
          <p class="activity" role="status">
            ${app?.activities.length ? html`<span class="spinner" aria-hidden="true"></span> ${app.activities.at(-1)}` : ''}
          </p>
          ${app && model ? this.#view(app, model) : ''}
        </main>
      </div>
      <section aria-label="Notices">
        <notice-stack
          .notices=${app?.notices ?? []}
          @dismiss=${(event: CustomEvent<number | 'all'>) => model?.dismiss(event.detail)}
        ></notice-stack>
      </section>
      <div class="curtain" ?hidden=${!this.isDragging || this.route.room === 'start'} aria-hidden="true">
        <p>Let go to open it</p>
      </div>
      <slot></slot>
    `;
  }

  #view(app: AppState, model: AppModel): TemplateResult {
    const { room, id } = this.route;
    if (room === 'data')
      return html`<dataset-view
        .model=${model}
        .app=${app}
        .training=${this.#trainingModel}
        .state=${this.training}
      ></dataset-view>`;
    if (room === 'encoder') return html`<encoder-view .model=${model} .app=${app}></encoder-view>`;
    if (room === 'extract')
      return id === null
        ? html`<extract-view .model=${model} .app=${app}></extract-view>`
        : html`<job-view .model=${model} .app=${app} job-id=${id}></job-view>`;
    if (room === 'train' || room === 'runs') return this.#trainingView(app, model);
    return html`<start-view .model=${model} .app=${app} ?dragging=${this.isDragging}></start-view>`;
  }

  #trainingView(app: AppState, model: AppModel): TemplateResult {
    const { room, id } = this.route;
    const [training, state] = [this.#trainingModel, this.training];
    if (!training || !state) return html``;
    if (room === 'train')
      return html`<train-view
        .model=${model}
        .app=${app}
        .training=${training}
        .state=${state}
      ></train-view>`;
    return id === null
      ? html`<runs-view .model=${model} .app=${app} .training=${training} .state=${state}></runs-view>`
      : html`<run-view
          .model=${model}
          .app=${app}
          .training=${training}
          .state=${state}
          run-id=${id}
          tab=${this.route.part}
        ></run-view>`;
  }

  #stage({ room, title, icon }: Stage, app: AppState | null): TemplateResult {
    const isCurrent = this.route.room === room;
    return html`<li>
      <a href=${hrefOf(room)} aria-current=${isCurrent ? 'page' : 'false'}>
        ${icon} <span class="title">${title}</span>
        <span class="reading">${app ? this.#reading(room, app) : ''}</span>
      </a>
    </li>`;
  }

  /** What stands at a stage right now, in a word or two. */
  #reading(room: Room, { jobs }: AppState): string {
    if (room === 'data') {
      const dataset = this.#model?.dataset;
      return dataset ? `${dataset.name}, ${formatCounted(dataset.clips, 'clip')}` : 'drop a folder';
    }
    if (room === 'encoder') return this.#model?.encoder?.name ?? 'none loaded yet';
    if (room === 'train' || room === 'runs') return this.#trainingReading(room);
    const running = jobs.find(({ state }) => state === 'running');
    if (running) return `running, ${formatShare(progressOf(running))}`;
    const unfinished = jobs.filter(isUnfinished).length;
    if (unfinished > 0) return `${unfinished} unfinished`;
    return jobs.length > 0 ? `${jobs.length} finished` : 'nothing yet';
  }

  #trainingReading(room: 'train' | 'runs'): string {
    const runs = this.training?.runs ?? [];
    const running = runs.find(({ state }) => state === 'running');
    if (room === 'runs') return runs.length > 0 ? formatCounted(runs.length, 'run') : 'nothing yet';
    if (running) return `running, ${formatShare(runProgress(running))}`;
    return this.#trainingModel?.source === null ? 'needs embeddings' : 'ready';
  }

  #instruments({ device, storage }: AppState): TemplateResult {
    return html`<dl class="instruments">
      <div>
        <dt>Device</dt>
        <dd title=${device?.explanation ?? ''}>
          ${device ? `${backendName[device.backend]}, ${device.backend === 'wasm' ? `${device.threads} threads` : (device.adapter ?? 'no adapter')}` : 'looking…'}
        </dd>
      </div>
      <div>
        <dt>Storage</dt>
        <dd>
          ${storage ? `${formatBytes(storage.usedBytes)} used, ${formatBytes(storage.freeBytes)} free` : '–'}
        </dd>
      </div>
      <div class="private">
        <dt class="visually-hidden">Privacy</dt>
        <dd>${icons.shield} Audio stays on this computer</dd>
      </div>
    </dl>`;
  }

  #toggleTheme(): void {
    toggleTheme();
    this.requestUpdate();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'app-shell': AppShell;
  }
}
