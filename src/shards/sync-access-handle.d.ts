/** TypeScript has these only in its worker library, which cannot be loaded beside the DOM's. */
interface FileSystemSyncAccessHandle {
  read(into: ArrayBufferView, options?: { readonly at?: number }): number;
  write(bytes: ArrayBufferView, options?: { readonly at?: number }): number;
  truncate(sizeBytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface FileSystemFileHandle {
  /** Only in dedicated workers; exclusive. */
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
}
