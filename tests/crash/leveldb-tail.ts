import { appendFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** LevelDB's log blocks; a record header never starts in the last six bytes of one. */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;

/** Which of the browser's LevelDBs: IndexedDB's rows, or the names of OPFS files. */
export type LevelDb = 'IndexedDB' | 'Paths';

/** The newest log of every such LevelDB in a profile. No browser runs on it. */
export function levelDbLogs(profile: string, which: LevelDb): string[] {
  const isWanted = (path: string): boolean =>
    dirname(path).endsWith(which === 'IndexedDB' ? '.indexeddb.leveldb' : 'Paths');
  const newest = new Map<string, string>();
  for (const path of filesBelow(join(profile, 'Default'))) {
    if (!/[/\\]\d{6}\.log$/.test(path) || !isWanted(path)) continue;
    const other = newest.get(dirname(path));
    if (!other || other < path) newest.set(dirname(path), path);
  }
  return [...newest.values()];
}

/**
 * Leaves the log as a kill between LevelDB's two writes does: a record's header without its payload. The browser
 * appends after it, and the open after that drops what was appended (or wipes the whole IndexedDB).
 */
export function tearTail(log: string): void {
  const size = statSync(log).size;
  const leftInBlock = BLOCK_BYTES - (size % BLOCK_BYTES);
  if (leftInBlock < HEADER_BYTES) appendFileSync(log, new Uint8Array(leftInBlock));
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x5eed5eed, true);
  view.setUint16(4, 200, true);
  view.setUint8(6, 1);
  appendFileSync(log, header);
}

/** Tears every log of that kind; gives how many there were. */
export function tearTails(profile: string, which: LevelDb): number {
  const logs = levelDbLogs(profile, which);
  for (const log of logs) tearTail(log);
  return logs.length;
}

function* filesBelow(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}
