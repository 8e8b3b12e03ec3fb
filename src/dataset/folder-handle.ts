import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { PlaygroundError } from '../lib/errors.ts';

/**
 * Remembers the folders behind datasets where the browser gives a handle (Chrome, Edge), so that reopening takes one
 * click and no second drop. Kept in a database of its own: losing it costs a drop, nothing else.
 */
interface FolderSchema extends DBSchema {
  folders: { key: string; value: FileSystemDirectoryHandle };
}

/** Chrome's permission methods, which lib.dom does not know. */
interface PermissionGate {
  queryPermission?(descriptor: { readonly mode: 'read' }): Promise<PermissionState>;
  requestPermission?(descriptor: { readonly mode: 'read' }): Promise<PermissionState>;
}

/** The remembered folder may not be read, or is not remembered at all: dropping it again always works. */
export class FolderAccessError extends PlaygroundError {
  override readonly name: string = 'FolderAccessError';
}

let database: Promise<IDBPDatabase<FolderSchema>> | null = null;

function open(): Promise<IDBPDatabase<FolderSchema>> {
  database ??= openDB<FolderSchema>('wavlm-playground-folders', 1, {
    upgrade: (db) => void db.createObjectStore('folders'),
    terminated: () => {
      database = null;
    },
  }).catch((error: unknown) => {
    database = null;
    throw error;
  });
  return database;
}

export async function rememberFolder(datasetId: string, handle: FileSystemDirectoryHandle): Promise<void> {
  await (await open()).put('folders', handle, datasetId);
}

export async function forgetFolder(datasetId: string): Promise<void> {
  await (await open()).delete('folders', datasetId);
}

/** Whether the folder is remembered, and whether it can be read without asking. */
export async function folderState(datasetId: string): Promise<'unknown' | 'ask' | 'granted'> {
  const handle: (FileSystemDirectoryHandle & PermissionGate) | undefined = await (
    await open()
  ).get('folders', datasetId);
  if (!handle) return 'unknown';
  const permission = (await handle.queryPermission?.({ mode: 'read' })) ?? 'granted';
  return permission === 'granted' ? 'granted' : 'ask';
}

/**
 * The remembered folder, readable. Asking the person needs their click: call it from an event handler.
 * @throws {FolderAccessError} when it is not remembered or the person declines.
 */
export async function reopenFolder(datasetId: string): Promise<FileSystemDirectoryHandle> {
  const handle: (FileSystemDirectoryHandle & PermissionGate) | undefined = await (
    await open()
  ).get('folders', datasetId);
  if (!handle) throw new FolderAccessError('This folder is not remembered. Drop it on the page again.');
  const granted =
    (await handle.queryPermission?.({ mode: 'read' })) === 'granted' ||
    ((await handle.requestPermission?.({ mode: 'read' })) ?? 'granted') === 'granted';
  if (!granted)
    throw new FolderAccessError(
      `The browser was not allowed to read “${handle.name}”. Allow it when asked, or drop the folder on the page again.`,
    );
  return handle;
}
