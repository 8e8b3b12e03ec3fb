import type { Utterance } from '../dataset/utterance.ts';
import type { RecordStore } from '../shards/store.ts';

/** One correction: another label, or set aside (or back). */
export interface LabelChange {
  readonly path: string;
  readonly label?: string;
  readonly setAside?: boolean;
}

/** What is said of a clip by all corrections together. */
export interface Correction {
  readonly label: string | null;
  readonly isSetAside: boolean;
}

const KIND = 'labels';
const RECORD_PREFIX = 'dataset-';

/**
 * Corrections laid over the labels of datasets: kept in the store step by step, so that the newest can be taken back.
 * Neither files nor extractions change.
 */
export class LabelLayers {
  readonly #store: () => Promise<RecordStore>;
  readonly #steps = new Map<string, readonly (readonly LabelChange[])[]>();

  constructor(store: () => Promise<RecordStore>) {
    this.#store = store;
  }

  /** Reads what earlier sessions corrected. */
  async load(dataset: string): Promise<void> {
    if (this.#steps.has(dataset)) return;
    const store = await this.#store();
    const ref = await store.find(RECORD_PREFIX + dataset, KIND, KIND);
    const text = ref && new TextDecoder().decode(await store.read(ref));
    this.#steps.set(dataset, text ? (JSON.parse(text) as LabelChange[][]) : []);
  }

  /** Resolves when the step is safe. @throws NotWriterError, StorageFullError */
  async add(dataset: string, changes: readonly LabelChange[]): Promise<void> {
    if (changes.length > 0) await this.#write(dataset, [...this.#of(dataset), changes]);
  }

  /** Takes the newest step back; does nothing where there is none. */
  async undo(dataset: string): Promise<void> {
    const steps = this.#of(dataset);
    if (steps.length > 0) await this.#write(dataset, steps.slice(0, -1));
  }

  corrections(dataset: string): ReadonlyMap<string, Correction> {
    const corrections = new Map<string, Correction>();
    for (const { path, label, setAside } of this.#of(dataset).flat()) {
      const before = corrections.get(path) ?? { label: null, isSetAside: false };
      corrections.set(path, {
        label: label ?? before.label,
        isSetAside: setAside ?? before.isSetAside,
      });
    }
    return corrections;
  }

  /** The table with the corrections in it. */
  apply(dataset: string, utterances: readonly Utterance[]): readonly Utterance[] {
    const corrections = this.corrections(dataset);
    if (corrections.size === 0) return utterances;
    return utterances.map((utterance) => {
      const correction = corrections.get(utterance.path);
      if (!correction) return utterance;
      const { label, isSetAside } = correction;
      return { ...utterance, label: label ?? utterance.label, ...(isSetAside ? { isSetAside } : {}) };
    });
  }

  #of(dataset: string): readonly (readonly LabelChange[])[] {
    return this.#steps.get(dataset) ?? [];
  }

  async #write(dataset: string, steps: readonly (readonly LabelChange[])[]): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(steps));
    await (await this.#store()).append(RECORD_PREFIX + dataset, KIND, KIND, { steps: steps.length }, payload);
    this.#steps.set(dataset, steps);
  }
}
