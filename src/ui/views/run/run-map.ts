import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { EmbeddingMap } from '../../../engine/training-protocol.ts';
import '../../charts/figure-frame.ts';
import '../../charts/scatter-map.ts';
import '../../elements/choice-group.ts';
import { fileStem } from '../../run-words.ts';
import { controls } from '../../styles/controls.ts';
import './clip-list.ts';
import { RunPart } from '../training-view.ts';

const methods = [
  { value: 'pca', title: 'PCA', help: 'straight: the two widest directions' },
  { value: 'umap', title: 'UMAP', help: 'bent: keeps neighbours together; slower' },
];
const colours = [
  { value: 'labels', title: 'Label' },
  { value: 'predictions', title: 'Prediction' },
  { value: 'speakers', title: 'Speaker' },
  { value: 'parts', title: 'Part of the split' },
  { value: 'errors', title: 'Right or wrong' },
];
type Colour = 'labels' | 'predictions' | 'speakers' | 'parts' | 'errors';

/** A map of the embeddings a run learned from, coloured by what is known of each clip; a point is a clip to hear. */
@customElement('run-map')
export class RunMap extends RunPart {
  @state() private method: EmbeddingMap['method'] = 'pca';
  @state() private colour: Colour = 'labels';
  @state() private map: EmbeddingMap | null = null;
  @state() private chosen = -1;
  @state() private isBusy = false;
  #asked = '';
  #xs = new Float32Array();
  #ys = new Float32Array();
  #groups = new Uint16Array();
  #groupNames: readonly string[] = [];

  static override styles = [controls];

  protected override willUpdate(changed: PropertyValues): void {
    const { map } = this;
    if (!map) return;
    if (changed.has('map')) {
      this.#xs = Float32Array.from(map.paths, (_, index) => map.points[2 * index] ?? 0);
      this.#ys = Float32Array.from(map.paths, (_, index) => map.points[2 * index + 1] ?? 0);
    }
    if (changed.has('map') || changed.has('colour')) this.#group(map);
  }

  #group(map: EmbeddingMap): void {
    const values = this.#valuesOf(map);
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    this.#groupNames = [...counts.keys()].toSorted(new Intl.Collator(undefined, { numeric: true }).compare);
    const places = new Map(this.#groupNames.map((name, index) => [name, index]));
    this.#groups = Uint16Array.from(values, (value) => places.get(value) ?? 0);
  }

  #valuesOf(map: EmbeddingMap): readonly string[] {
    const named = (values: readonly string[]): readonly string[] =>
      values.map((value) => (value === '' ? 'none' : value));
    if (this.colour === 'errors') {
      const truths = this.run.target === 'speaker' ? map.speakers : map.labels;
      return truths.map((truth, index) => (map.predictions?.[index] === truth ? 'right' : 'wrong'));
    }
    return this.colour === 'predictions' ? named(map.predictions ?? map.labels) : named(map[this.colour]);
  }

  protected override updated(_changed: PropertyValues): void {
    const key = [this.run.id, this.method].join();
    if (key === this.#asked) return;
    this.#asked = key;
    void this.#load(key);
  }

  async #load(key: string): Promise<void> {
    this.isBusy = true;
    const { run, method } = this;
    const { file } = this.state;
    const source = run.source.kind === 'file' && file?.name === run.source.name ? file : run.source.id;
    const isJudged = run.history.length > 0;
    const map = await this.training.run('Drawing the map…', (playground) =>
      playground.map(source, { method, ...(isJudged ? { run: run.id } : {}) }),
    );
    if (key !== this.#asked) return;
    this.isBusy = false;
    this.chosen = -1;
    this.map = map;
  }

  override render(): TemplateResult {
    const { map, run } = this;
    const isJudged = map?.predictions !== null;
    return html`<div class="view">
      <section class="panel stack" aria-label="What the map shows">
        <choice-group
          legend="Projection"
          .choices=${methods}
          .value=${this.method}
          @choose=${(event: CustomEvent<EmbeddingMap['method']>) => (this.method = event.detail)}
        ></choice-group>
        <choice-group
          legend="Colour by"
          .choices=${colours.filter(({ value }) => isJudged || (value !== 'predictions' && value !== 'errors'))}
          .value=${this.colour}
          @choose=${(event: CustomEvent<Colour>) => (this.colour = event.detail)}
        ></choice-group>
        <p class="small quiet" role="status">${this.isBusy ? 'Placing the clips…' : ''}</p>
      </section>
      ${
        map
          ? html`<figure-frame
              heading="Map of the embeddings"
              file-name="${fileStem(run.name)}-${map.method}"
            >
              <scatter-map
                .xs=${this.#xs}
                .ys=${this.#ys}
                .groups=${this.#groups}
                .groupNames=${this.#groupNames}
                .describe=${this.#describe}
                .chosen=${this.chosen}
                @point-chosen=${(event: CustomEvent<number>) => (this.chosen = event.detail)}
              ></scatter-map>
              <p slot="note" class="small quiet">
                Choose a point to hear its clip. Distances on a ${map.method === 'umap' ? 'UMAP' : 'PCA'} map
                are
                ${map.method === 'umap' ? 'not those of the embeddings; neighbours are.' : 'those in the plane alone.'}
              </p>
            </figure-frame>`
          : ''
      }
      ${map && this.chosen >= 0 ? this.#clip(map, this.chosen) : ''}
    </div>`;
  }

  #describe = (point: number): string => {
    const { map } = this;
    if (!map) return '';
    const prediction = map.predictions?.[point];
    return `${map.paths[point] ?? ''}: labelled ${map.labels[point] ?? 'none'}${prediction ? `, predicted ${prediction}` : ''}, speaker ${map.speakers[point] || 'unknown'}, ${map.parts[point] ?? 'none'}`;
  };

  #clip(map: EmbeddingMap, point: number): TemplateResult {
    const truths = this.run.target === 'speaker' ? map.speakers : map.labels;
    const clip = {
      path: map.paths[point] ?? '',
      truth: truths[point] ?? '',
      prediction: map.predictions?.[point] ?? null,
      confidence: null,
    };
    return html`<clip-list
      .model=${this.model}
      .app=${this.app}
      .training=${this.training}
      .state=${this.state}
      .run=${this.run}
      .clips=${[clip]}
      heading="The clip at this point"
    ></clip-list>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-map': RunMap;
  }
}
