import { afterAll, describe, expect, test } from 'vitest';
import { recordStoreContract } from '../../contracts/record-store.ts';
import type { ContractRequest } from './contract-worker.ts';

const worker = new Worker(new URL('./contract-worker.ts', import.meta.url), { type: 'module' });
afterAll(() => worker.terminate());

function runInWorker(request: ContractRequest): Promise<string | null> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<{ title: string; error: string | null }>) =>
      resolve(event.data.error);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(request);
  });
}

describe.each([
  ['a record store on OPFS and IndexedDB, in a worker', 'here'],
  ['the same in a worker of its own', 'apart'],
] as const)('%s', (_, where) => {
  for (const { title } of recordStoreContract)
    test(title, async () => {
      expect(await runInWorker({ title, where })).toBeNull();
    });
});
