import type { RecordStore } from '../../shards/store.ts';
import type { DatasetRegistry } from '../dataset-registry.ts';
import type { ExtractionRegistry } from '../extraction/extraction-registry.ts';
import { extractionSource } from './extraction-source.ts';
import { keepFile, openFile, openKeptFile } from './file-source.ts';
import type { RunSource } from './run-record.ts';
import type { TrainingSource } from '../training-protocol.ts';
import type { TrainingSourceData } from './training-source.ts';

/** Opens what runs learn from, by an extraction's id or from a file. */
export class TrainingSources {
  readonly #store: () => RecordStore;
  readonly #extractions: ExtractionRegistry;
  readonly #datasets: DatasetRegistry;

  constructor(store: () => RecordStore, extractions: ExtractionRegistry, datasets: DatasetRegistry) {
    this.#store = store;
    this.#extractions = extractions;
    this.#datasets = datasets;
  }

  async open(wanted: TrainingSource, layer: number | null): Promise<TrainingSourceData> {
    return typeof wanted === 'string' ? this.#extraction(wanted, layer) : openFile(wanted, layer);
  }

  /** As `open`, but a file is kept in the store first, so that a run on it can go on after the page was closed. */
  async keep(wanted: TrainingSource, layer: number | null): Promise<TrainingSourceData> {
    if (typeof wanted === 'string') return this.#extraction(wanted, layer);
    const { id, name } = await keepFile(this.#store(), wanted);
    return openKeptFile(this.#store(), { kind: 'file', id, name, encoder: null, dataset: null, layer });
  }

  /** What an earlier run learned from. @throws UnknownIdError when it was removed. */
  reopen(source: RunSource): Promise<TrainingSourceData> {
    return source.kind === 'extraction'
      ? this.#extraction(source.id, source.layer)
      : openKeptFile(this.#store(), source);
  }

  #extraction(id: string, layer: number | null): Promise<TrainingSourceData> {
    const job = this.#extractions.job(id);
    const labels = this.#datasets.labels(job.spec.dataset.id);
    const setAside = this.#datasets.setAside(job.spec.dataset.id);
    return extractionSource({
      store: this.#store,
      job,
      labelsOf: (path) => labels.get(path) ?? null,
      isSetAside: (path) => setAside.has(path),
      layer,
    });
  }
}
