/**
 * Chromium keeps IndexedDB and the names of OPFS files in LevelDBs. A kill can tear the tail of their logs, Chromium
 * appends after the tear, and the open after that drops what was appended, or wipes the whole IndexedDB
 * (google/leveldb#1287, #1336). Enough throw-away writes make LevelDB start a new log and delete the torn one; so
 * this is done before the first write after a session that did not end in order. Harmless everywhere else.
 */

const VALUES = 240;
const VALUE_BYTES = 50_000;
const NAMES = 3500;
const NAME_LENGTH = 240;
const ROLL_FOLDER = 'roll';
const ROLL_DATABASE = 'log-roll';

/** About 12 MB through IndexedDB's log (0.2 s), left empty. */
export async function rollIndexedDb(): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(ROLL_DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore('values');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB did not open.'));
  });
  try {
    for (let at = 0; at < VALUES; at += 40)
      await finish(db, (store) => {
        // Random, because LevelDB compresses.
        for (let i = at; i < at + 40; i += 1)
          store.put(crypto.getRandomValues(new Uint8Array(VALUE_BYTES)), i);
      });
    await finish(db, (store) => store.clear());
  } finally {
    db.close();
  }
}

function finish(db: IDBDatabase, work: (store: IDBObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction('values', 'readwrite', { durability: 'strict' });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('The transaction was aborted.'));
    work(transaction.objectStore('values'));
  });
}

/** Some thousand long names made and removed in a folder of their own (1.6 s). */
export async function rollOpfsNames(folder: FileSystemDirectoryHandle): Promise<void> {
  const inner = await folder.getDirectoryHandle(ROLL_FOLDER, { create: true });
  const filler = 'x'.repeat(NAME_LENGTH - 8);
  const makeAndRemove = async (number: number): Promise<void> => {
    const name = `${String(number).padStart(8, '0')}${filler}`;
    await inner.getFileHandle(name, { create: true });
    await inner.removeEntry(name);
  };
  for (let at = 0; at < NAMES; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => makeAndRemove(at + i)));
}
