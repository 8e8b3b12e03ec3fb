import type { DecodePool } from '../audio/pool.ts';
import { buildDataset, type BuiltDataset, type ClipFile } from '../dataset/build.ts';
import { decodeTableText, parseCsv, type CsvTable } from '../dataset/csv.ts';
import { openDemo } from '../dataset/demo.ts';
import type { FoundFile, Intake } from '../dataset/found-file.ts';
import { datasetId } from '../dataset/identity.ts';
import type { Reject, Utterance } from '../dataset/utterance.ts';
import type { ClipLabels } from '../export/embeddings-npz.ts';
import { encodeLabelsCsv } from '../export/labels-csv.ts';
import { pageUrl } from '../lib/page-url.ts';
import type { RecordRef, RecordStore } from '../shards/store.ts';
import { errorInWords, FilesNeededError, UnknownIdError } from './errors.ts';
import type { EventHub } from './event-hub.ts';
import { LabelLayers, type LabelChange } from './label-layer.ts';
import type { DatasetOptions, DatasetOrigin, DatasetStatus } from './protocol.ts';
import type { LabelCorrection } from './training-protocol.ts';

/** What is written about a dataset, so that a reopened page knows its table without its files. */
interface DatasetRecord {
  readonly format: 1;
  readonly name: string;
  readonly origin: DatasetOrigin;
  readonly clips: readonly ClipFile[];
  readonly tables: readonly CsvTable[];
  readonly labels: string | Readonly<Record<string, string>>;
  /** Files set aside for what is in them, or by their names. */
  readonly rejects: readonly Reject[];
}

interface OpenDataset {
  readonly id: string;
  record: DatasetRecord;
  built: BuiltDataset;
  /** Empty when only the record of an earlier session is known. */
  readonly files: ReadonlyMap<string, File>;
}

const KIND = 'dataset';
const RECORD_PREFIX = 'dataset-';

/** Knows the datasets of this session with their files, and those of earlier sessions without. */
export class DatasetRegistry {
  readonly #open = new Map<string, OpenDataset>();
  readonly #pool: DecodePool;
  readonly #events: EventHub;
  readonly #store: () => Promise<RecordStore>;
  readonly #layers: LabelLayers;
  /** The records as the store holds them. */
  readonly #written = new Map<string, string>();

  constructor(pool: DecodePool, events: EventHub, store: () => Promise<RecordStore>) {
    this.#pool = pool;
    this.#events = events;
    this.#store = store;
    this.#layers = new LabelLayers(store);
  }

  list(): DatasetStatus[] {
    return [...this.#open.values()].map(statusOf);
  }

  /** @throws UnknownIdError */
  get(id: string): { readonly id: string; readonly name: string; readonly utterances: readonly Utterance[] } {
    const { record, built } = this.#require(id);
    return { id, name: record.name, utterances: built.utterances };
  }

  /**
   * Builds a dataset from the files found. The table is announced at once from names alone; the promise resolves when
   * every file's header was read, with durations and the files set aside. A dataset known from before keeps the
   * labelling that was chosen for it.
   */
  async open(
    found: Omit<Intake, 'directory'>,
    origin: DatasetOrigin,
    options: DatasetOptions = {},
  ): Promise<DatasetStatus> {
    const files = new Map(found.audio.map(({ path, file }) => [path, file]));
    const clips = found.audio.map(({ path, sizeBytes }) => ({ path, sizeBytes }));
    const id = await datasetId(clips);
    const { tables, unreadable } = await readTables(found.tables);
    const setAside = [...found.rejects, ...unreadable];
    const record: DatasetRecord = {
      format: 1,
      name: options.name ?? found.name,
      origin,
      clips,
      tables,
      labels: options.labels ?? this.#open.get(id)?.record.labels ?? 'auto',
      rejects: setAside,
    };
    await this.#layers.load(id);
    const dataset: OpenDataset = { id, record, built: this.#build(id, record), files };
    this.#open.set(id, dataset);
    this.#announce(dataset);

    const headers = await this.#pool.probe(found.audio);
    const readable: ClipFile[] = [];
    const rejects = [...setAside];
    for (const [index, { path, sizeBytes }] of clips.entries()) {
      const header = headers[index]!;
      if ('errorName' in header) rejects.push({ path, errorName: header.errorName, reason: header.reason });
      else readable.push({ path, sizeBytes, durationSec: header.durationSec });
    }
    dataset.record = { ...record, clips: readable, rejects };
    dataset.built = this.#build(id, dataset.record);
    this.#announce(dataset);
    if (await this.#isRemembered(id)) await this.remember(id);
    return statusOf(dataset);
  }

  async openDemo(): Promise<DatasetStatus> {
    return this.open(await openDemo(pageUrl()), 'demo');
  }

  /** Reads labels and speakers anew by another scheme; no extraction changes. */
  async useScheme(id: string, scheme: string): Promise<DatasetStatus> {
    const dataset = this.#require(id);
    const record = { ...dataset.record, labels: scheme };
    dataset.built = this.#build(id, record);
    dataset.record = record;
    if (await this.#isRemembered(id)) await this.remember(id);
    this.#announce(dataset);
    return statusOf(dataset);
  }

  utterances(id: string, start: number, end: number): Utterance[] {
    return this.#require(id).built.utterances.slice(start, end);
  }

  hasFiles(id: string): boolean {
    return (this.#open.get(id)?.files.size ?? 0) > 0;
  }

  /** @throws FilesNeededError */
  openFile(id: string, path: string): File {
    const dataset = this.#open.get(id);
    const file = dataset?.files.get(path);
    if (!file) throw new FilesNeededError(dataset?.record.name ?? id);
    return file;
  }

  /** Makes sure that the files are at hand; the demo's are fetched anew. @throws FilesNeededError */
  async requireFiles(id: string, name: string): Promise<void> {
    if (this.hasFiles(id)) return;
    const dataset = this.#open.get(id);
    if (dataset?.record.origin === 'demo' && (await this.openDemo()).id === id) return;
    throw new FilesNeededError(name);
  }

  /** Labels by path, as they are today; empty when the dataset is not known. */
  labels(id: string): ReadonlyMap<string, ClipLabels> {
    const utterances = this.#open.get(id)?.built.utterances ?? [];
    return new Map(
      utterances.map(({ path, label, speaker, split, columns }) => [
        path,
        { label, speaker, split, ...(columns ? { columns } : {}) },
      ]),
    );
  }

  /** Writes a dataset's table to the store: from then on a reopened page knows it. */
  async remember(id: string): Promise<void> {
    const { record } = this.#require(id);
    const text = JSON.stringify(record);
    // Not written twice: a folder can be opened again on a full disk.
    if (this.#written.get(id) === text) return;
    const payload = new TextEncoder().encode(text);
    await (await this.#store()).append(RECORD_PREFIX + id, KIND, KIND, { name: record.name }, payload);
    this.#written.set(id, text);
  }

  /** Takes up the datasets that other sessions wrote, without their files. */
  async recall(): Promise<void> {
    const store = await this.#store();
    for (const job of await store.jobs()) {
      const id = job.slice(RECORD_PREFIX.length);
      if (!job.startsWith(RECORD_PREFIX) || this.#open.has(id)) continue;
      const ref = await store.find(job, KIND, KIND);
      if (!ref) continue;
      const text = await this.#readRecord(store, ref);
      if (text === null) continue;
      const record = JSON.parse(text) as DatasetRecord;
      this.#written.set(id, text);
      await this.#layers.load(id);
      const dataset: OpenDataset = { id, record, built: this.#build(id, record), files: new Map() };
      this.#open.set(id, dataset);
      this.#announce(dataset);
    }
  }

  /** Corrections as one step: kept, shown, and learned from by the next run. @throws NotWriterError */
  async relabel(id: string, changes: readonly LabelChange[]): Promise<void> {
    const labels = new Map(this.#require(id).built.utterances.map(({ path, label }) => [path, label]));
    const missing = changes.find(({ path }) => !labels.has(path));
    if (missing) throw new UnknownIdError('clip', missing.path);
    await this.#layers.add(id, changes, (path) => labels.get(path) ?? null);
    this.#rebuild(id);
  }

  /** Takes the newest step of corrections back. */
  async undoRelabel(id: string): Promise<void> {
    this.#require(id);
    await this.#layers.undo(id);
    this.#rebuild(id);
  }

  /** Every correction that stands, oldest first. @throws UnknownIdError */
  corrections(id: string): readonly LabelCorrection[] {
    const originals = this.#originalLabels(this.#require(id).record);
    return this.#layers.list(id, (path) => originals.get(path) ?? null);
  }

  /** The labels of the day as a CSV; clips set aside have none. Corrected ones say what they were, and when. */
  exportLabels(id: string): File {
    const { record, built } = this.#require(id);
    const rows = built.utterances.map((one) => (one.isSetAside ? { ...one, label: null } : one));
    const originals = this.#originalLabels(record);
    const corrected = new Map(
      this.corrections(id).map(({ path, at }) => [path, { original: originals.get(path) ?? null, at }]),
    );
    const name = `${record.name}-labels.csv`;
    return new File([encodeLabelsCsv(rows, corrected)], name, { type: 'text/csv' });
  }

  #originalLabels({ name, clips, tables, labels }: DatasetRecord): ReadonlyMap<string, string | null> {
    const { utterances } = buildDataset({ name, clips, tables, labels });
    return new Map(utterances.map(({ path, label }) => [path, label]));
  }

  /** Paths of clips that are to be left out of training. */
  setAside(id: string): ReadonlySet<string> {
    const utterances = this.#open.get(id)?.built.utterances ?? [];
    return new Set(utterances.filter(({ isSetAside }) => isSetAside).map(({ path }) => path));
  }

  #rebuild(id: string): void {
    const dataset = this.#require(id);
    dataset.built = this.#build(id, dataset.record);
    this.#announce(dataset);
  }

  #build(id: string, { name, clips, tables, labels }: DatasetRecord): BuiltDataset {
    const built = buildDataset({ name, clips, tables, labels });
    return { ...built, utterances: this.#layers.apply(id, built.utterances) };
  }

  /** A damaged table costs the names and labels until the folder is opened again, not the start of the app. */
  async #readRecord(store: RecordStore, ref: RecordRef): Promise<string | null> {
    try {
      return new TextDecoder().decode(await store.read(ref));
    } catch (error) {
      const { errorName } = errorInWords(error);
      if (errorName !== 'DamagedRecordError' && errorName !== 'MissingRecordError') throw error;
      if (errorName === 'DamagedRecordError')
        this.#events.emit({
          type: 'notice',
          level: 'warning',
          text: 'The table of a dataset is damaged on disk. Open its folder again to have it back; no embedding is lost.',
        });
      return null;
    }
  }

  async #isRemembered(id: string): Promise<boolean> {
    const store = await this.#store();
    return store.writable && (await store.find(RECORD_PREFIX + id, KIND, KIND)) !== null;
  }

  #require(id: string): OpenDataset {
    const dataset = this.#open.get(id);
    if (!dataset) throw new UnknownIdError('dataset', id);
    return dataset;
  }

  #announce(dataset: OpenDataset): void {
    this.#events.emit({ type: 'dataset', dataset: statusOf(dataset) });
  }
}

/** A table that cannot be read is set aside with its reason; the clips stay. */
async function readTables(
  found: readonly FoundFile[],
): Promise<{ tables: CsvTable[]; unreadable: Reject[] }> {
  const tables: CsvTable[] = [];
  const unreadable: Reject[] = [];
  for (const { path, file } of found) {
    const table = parseCsv(decodeTableText(new Uint8Array(await file.arrayBuffer())), path);
    if (table) tables.push(table);
    else
      unreadable.push({
        path,
        errorName: 'NotALabelTableError',
        reason: `${path} has no column of file paths, so it was not used for labels. Name its columns path,label[,speaker][,split].`,
      });
  }
  return { tables, unreadable };
}

function statusOf({ id, record, files, built }: OpenDataset): DatasetStatus {
  const distinct = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null))].sort();
  return {
    id,
    name: record.name,
    clips: built.utterances.length,
    hours: built.utterances.reduce((sum, { durationSec }) => sum + (durationSec ?? 0), 0) / 3600,
    classes: distinct(built.utterances.map(({ label }) => label)),
    speakers: distinct(built.utterances.map(({ speaker }) => speaker)),
    rejects: [...record.rejects, ...built.rejects],
    labelScheme: built.scheme,
    notices: built.notices,
    origin: record.origin,
    filesAvailable: files.size > 0,
  };
}
