import { ModelQuotaError, ModelStoreError } from './hub-errors.ts';

/** The part of `FileSystemSyncAccessHandle` in use; TypeScript's DOM library lacks it (it exists in workers only). */
export interface SyncAccessHandle {
  read(buffer: Uint8Array, options: { readonly at: number }): number;
  write(buffer: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface SyncFileHandle {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
}

/**
 * Runs `use` with the only access to a file of the browser's own file system, flushed and closed afterwards whatever
 * happens. Works in workers only.
 * @throws ModelStoreError when the file is open elsewhere
 */
export async function withSyncFile<T>(
  folder: FileSystemDirectoryHandle,
  name: string,
  use: (handle: SyncAccessHandle) => T | Promise<T>,
): Promise<T> {
  let access: SyncAccessHandle;
  try {
    const file = await folder.getFileHandle(name, { create: true });
    access = await (file as FileSystemFileHandle & SyncFileHandle).createSyncAccessHandle();
  } catch (cause) {
    throw (
      quotaError(name, cause) ??
      new ModelStoreError(`${name} is in use in another tab. Close that tab and try again.`, { cause })
    );
  }
  try {
    return await use(access);
  } finally {
    access.flush();
    access.close();
  }
}

/**
 * Writes all of `bytes`. A full disk can show as a short count instead of an error, so every count is checked.
 * @throws ModelQuotaError
 */
export function writeAll(handle: SyncAccessHandle, name: string, bytes: Uint8Array, at: number): void {
  let written: number;
  try {
    written = handle.write(bytes, { at });
  } catch (cause) {
    throw quotaError(name, cause) ?? cause;
  }
  if (written !== bytes.byteLength) {
    // Cut off what arrived of it, so that the file ends with whole, known bytes.
    handle.truncate(at);
    throw fullError(name);
  }
}

function quotaError(name: string, error: unknown): ModelQuotaError | null {
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? fullError(name, error) : null;
}

function fullError(name: string, cause?: unknown): ModelQuotaError {
  return new ModelQuotaError(
    `There is no room left for ${name}: the disk, or the browser’s share of it, is full. Free some space and try again; ` +
      'what has arrived is kept.',
    { cause },
  );
}
