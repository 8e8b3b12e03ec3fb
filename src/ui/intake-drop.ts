/** What a drop, a picker or an input gives, before anyone knows whether it is audio or a checkpoint. */
export interface Dropped {
  /** The one folder, as a handle that can be remembered or as an entry; null when loose files came. */
  readonly folder: FileSystemDirectoryHandle | FileSystemDirectoryEntry | null;
  readonly files: readonly File[];
  readonly isCheckpoint: boolean;
}

interface HandleItem extends DataTransferItem {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

const weightsName = /(\.safetensors|\.pt|\.pth|pytorch_model\.bin)$/iu;

const audioName = /\.(wav|wave|flac|mp3|ogg|oga|opus|m4a|aac|aiff?)$/iu;

/** Weights without any audio beside them; a model that lies among recordings does not make them a checkpoint. */
export const looksLikeCheckpoint = (files: readonly { readonly name: string }[]): boolean =>
  files.some(({ name }) => weightsName.test(name)) && !files.some(({ name }) => audioName.test(name));

/** Reads a drop; must be called inside the event, since the items are gone afterwards. */
export async function readDrop(transfer: DataTransfer): Promise<Dropped> {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === 'file') as HandleItem[];
  const entries = items.map((item) => item.webkitGetAsEntry());
  const handles = items.map((item) => item.getAsFileSystemHandle?.() ?? Promise.resolve(null));
  const looseFiles = Array.from(transfer.files);

  const onlyEntry = entries.length === 1 ? entries[0] : null;
  if (onlyEntry?.isDirectory) {
    const entry = onlyEntry as FileSystemDirectoryEntry;
    const top = await topFiles(entry);
    if (looksLikeCheckpoint(top)) return { folder: null, files: top, isCheckpoint: true };
    const handle = await handles[0];
    const isFolder = handle?.kind === 'directory';
    return {
      folder: isFolder ? (handle as FileSystemDirectoryHandle) : entry,
      files: [],
      isCheckpoint: false,
    };
  }
  const files: File[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry?.isDirectory) files.push(...(await walk(entry as FileSystemDirectoryEntry)));
    else {
      const file = looseFiles[index];
      if (file) files.push(file);
    }
  }
  return { folder: null, files, isCheckpoint: looksLikeCheckpoint(files) };
}

const childrenOf = (folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => {
    const reader = folder.createReader();
    const all: FileSystemEntry[] = [];
    // A reader gives about a hundred entries at a time, and an empty list at the end.
    const next = (): void =>
      reader.readEntries((entries) => {
        if (entries.length === 0) resolve(all);
        else {
          all.push(...entries);
          next();
        }
      }, reject);
    next();
  });

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** The files that lie directly in a folder, when they may be a checkpoint; none of a folder of many files. */
async function topFiles(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const children = (await childrenOf(folder)).filter(({ isFile }) => isFile);
  if (!looksLikeCheckpoint(children)) return [];
  return Promise.all(children.map((child) => fileOf(child as FileSystemFileEntry)));
}

/** Every file below a folder, each with its path from the drop as `webkitRelativePath`. */
async function walk(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const files: File[] = [];
  for (const child of await childrenOf(folder)) {
    if (child.isDirectory) files.push(...(await walk(child as FileSystemDirectoryEntry)));
    else {
      const file = await fileOf(child as FileSystemFileEntry);
      Object.defineProperty(file, 'webkitRelativePath', { value: child.fullPath.replace(/^\//u, '') });
      files.push(file);
    }
  }
  return files;
}

interface DirectoryPickerWindow {
  showDirectoryPicker?: (options?: { id?: string; mode?: 'read' }) => Promise<FileSystemDirectoryHandle>;
}

/** Whether the browser can give a folder that it remembers. */
export const canPickDirectory = (): boolean =>
  typeof (window as DirectoryPickerWindow).showDirectoryPicker === 'function';

/** Asks for a folder; null where the browser has no such picker. Needs a gesture. */
export async function pickDirectory(id: string): Promise<FileSystemDirectoryHandle | null> {
  return (await (window as DirectoryPickerWindow).showDirectoryPicker?.({ id, mode: 'read' })) ?? null;
}
