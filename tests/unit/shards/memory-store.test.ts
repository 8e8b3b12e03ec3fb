import { describe, test } from 'vitest';
import { MemoryDisk, openMemoryStore } from '../../../src/shards/memory.ts';
import { recordStoreContract } from '../../contracts/record-store.ts';

describe('a record store in memory', () => {
  for (const contractCase of recordStoreContract)
    test(contractCase.title, async () => {
      const disk = new MemoryDisk();
      await contractCase.run({
        open: (options) => openMemoryStore(disk, options),
        wipeCatalog: () => Promise.resolve(disk.wipeCatalog()),
        files: () =>
          Promise.resolve(new Map([...disk.files].map(([name, file]) => [name, file.bytes.slice()]))),
        setFile: (name, bytes) => {
          disk.files.get(name)!.bytes = bytes.slice();
          return Promise.resolve();
        },
      });
    });
});
