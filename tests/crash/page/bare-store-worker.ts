import { expose } from 'comlink';
import { openStore, type OpenStoreOptions } from '../../../src/shards/opfs.ts';
import type { RecordStore, Recovery } from '../../../src/shards/store.ts';
import { JOBS, KIND, operationAt, payloadOf, type StoreContents } from '../workload.ts';

let store: RecordStore | null = null;

function opened(): RecordStore {
  if (!store) throw new Error('The store is not open.');
  return store;
}

const bareStore = {
  async open(options: OpenStoreOptions): Promise<{ writable: boolean; recovery: Recovery }> {
    store = await openStore(options);
    return { writable: store.writable, recovery: store.recovery };
  },

  /** What the store lists, by the step in each record's meta. */
  async contents(): Promise<StoreContents> {
    const contents: Record<string, number> = {};
    for (const job of JOBS)
      for (const ref of await opened().records(job)) contents[`${job}/${ref.key}`] = stepOf(ref.meta);
    return contents;
  },

  /** Reads every record, digest checked, and compares it with what its step put; gives the wrong ones. */
  async wrongRecords(seed: number): Promise<string[]> {
    const wrong: string[] = [];
    for (const job of JOBS)
      for (const ref of await opened().records(job)) {
        const bytes = await opened().read(ref);
        const expected = payloadOf(seed, stepOf(ref.meta), ref.sizeBytes);
        if (bytes.some((byte, i) => byte !== expected[i])) wrong.push(`${job}/${ref.key}`);
      }
    return wrong;
  },

  /** Carries out the steps from `from` on, one after another, without end. */
  async write(seed: number, from: number, acknowledge: (step: number) => void): Promise<void> {
    for (let step = from; ; step += 1) {
      const operation = operationAt(seed, step);
      if (operation.type === 'put')
        await opened().append(
          operation.job,
          KIND,
          operation.key,
          { step },
          payloadOf(seed, step, operation.sizeBytes),
        );
      if (operation.type === 'forget') await opened().forget(operation.job, KIND, operation.key);
      if (operation.type === 'compact') await opened().compact(operation.job);
      if (operation.type === 'remove') await opened().removeJob(operation.job);
      acknowledge(step);
    }
  },

  async append(job: string, key: string, step: number, sizeBytes: number): Promise<void> {
    await opened().append(job, KIND, key, { step }, payloadOf(step, step, sizeBytes));
  },

  /** Appends records of that size; gives how long each took, in ms. */
  async fill(job: string, count: number, sizeBytes: number): Promise<number[]> {
    const durations: number[] = [];
    const payload = payloadOf(1, 1, sizeBytes);
    for (let step = 0; step < count; step += 1) {
      const started = performance.now();
      await opened().append(job, KIND, `shard_${step}`, { first: step, last: step }, payload);
      durations.push(performance.now() - started);
    }
    return durations;
  },

  /** How many records of the job are whole, and the names of those that are not. */
  async verify(job: string): Promise<{ checked: number; damaged: string[] }> {
    const { checked, damaged } = await opened().verify(job);
    return { checked, damaged: damaged.map((ref) => ref.key) };
  },

  async removeJob(job: string): Promise<number> {
    return opened().removeJob(job);
  },

  async close(): Promise<void> {
    await opened().close();
    store = null;
  },
};

function stepOf(meta: unknown): number {
  if (typeof meta === 'object' && meta !== null && 'step' in meta && typeof meta.step === 'number')
    return meta.step;
  throw new Error(`No step in ${JSON.stringify(meta)}.`);
}

export type BareStore = typeof bareStore;
expose(bareStore);
