import type { Utterance } from '../dataset/utterance.ts';
import type { RecordStore } from '../shards/store.ts';
import type { LabelCorrection } from './training-protocol.ts';

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

/** As it is kept: with the label before and the time (ISO 8601), which the first versions did not note. */
interface KeptChange extends LabelChange {
  readonly from?: string | null;
  readonly at?: string;
}

const KIND = 'labels';
const RECORD_PREFIX = 'dataset-';

/**
 * Corrections laid over the labels of datasets: kept in the store step by step, so that the newest can be taken back.
 * Neither files nor extractions change.
 */
export class LabelLayers {
  readonly #store: () => Promise<RecordStore>;
  readonly #steps = new Map<string, readonly (readonly KeptChange[])[]>();

  constructor(store: () => Promise<RecordStore>) {
    this.#store = store;
  }

  /** Reads what earlier sessions corrected. */
  async load(dataset: string): Promise<void> {
    if (this.#steps.has(dataset)) return;
    const store = await this.#store();
    const ref = await store.find(RECORD_PREFIX + dataset, KIND, KIND);
    const text = ref && new TextDecoder().decode(await store.read(ref));
    this.#steps.set(dataset, text ? (JSON.parse(text) as KeptChange[][]) : []);
  }

  /** Resolves when the step is safe; `labelOf` tells the labels before it. @throws NotWriterError, StorageFullError */
  async add(
    dataset: string,
    changes: readonly LabelChange[],
    labelOf: (path: string) => string | null,
  ): Promise<void> {
    const at = new Date().toISOString();
    const kept = changes.map((change): KeptChange => ({ ...change, from: labelOf(change.path), at }));
    if (kept.length > 0) await this.#write(dataset, [...this.#of(dataset), kept]);
  }

  /** Every correction that stands, oldest first; `labelOf` tells the labels without any. */
  list(dataset: string, labelOf: (path: string) => string | null): LabelCorrection[] {
    const now = new Map<string, string | null>();
    return this.#of(dataset).flatMap((changes, step) =>
      changes.map(({ path, label = null, setAside = null, from, at = null }): LabelCorrection => {
        const before = from === undefined ? (now.get(path) ?? labelOf(path)) : from;
        if (label !== null) now.set(path, label);
        return { path, from: before, label, setAside, at, step };
      }),
    );
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

  #of(dataset: string): readonly (readonly KeptChange[])[] {
    return this.#steps.get(dataset) ?? [];
  }

  async #write(dataset: string, steps: readonly (readonly KeptChange[])[]): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(steps));
    await (await this.#store()).append(RECORD_PREFIX + dataset, KIND, KIND, { steps: steps.length }, payload);
    this.#steps.set(dataset, steps);
  }
}
