import {
  compareCodePoints,
  extensionOf,
  isSystemName,
  isTable,
  rejectByName,
  type FoundFile,
  type Intake,
  type IntakeProgress,
} from './found-file.ts';
import type { Reject } from './utterance.ts';
import {
  fileOf,
  isDirectoryEntry,
  isDirectoryHandle,
  isFileEntry,
  measureFiles,
  walkEntry,
  walkHandle,
} from './walk.ts';

/**
 * From whatever a person gives — a picked folder, a drop, an `<input>`, some files — to a list of files with paths
 * relative to the folder. The same folder gives the same paths in each way. Runs on the page; thousands of files
 * are found without holding it up.
 */
export type IntakeSource =
  FileSystemDirectoryHandle | FileSystemDirectoryEntry | DataTransfer | FileList | readonly File[];

/** Takes in any source. For a drop call it in the handler itself, before any `await`: the browser empties it then. */
export function intake(source: IntakeSource, onProgress?: IntakeProgress): Promise<Intake> {
  if ('items' in source) return intakeDrop(source, onProgress);
  if ('kind' in source) return intakeHandle(source, onProgress);
  if ('isDirectory' in source) return intakeEntry(source, onProgress);
  return intakeFiles(Array.from<File>(source), onProgress);
}

/** A folder handle from `showDirectoryPicker`, a remembered one, or one of OPFS. */
export async function intakeHandle(
  handle: FileSystemDirectoryHandle,
  onProgress?: IntakeProgress,
): Promise<Intake> {
  return sortOut({ ...(await walkHandle(handle, '', onProgress)), name: handle.name, directory: handle });
}

export async function intakeEntry(
  entry: FileSystemDirectoryEntry,
  onProgress?: IntakeProgress,
): Promise<Intake> {
  return sortOut({ ...(await walkEntry(entry, '', onProgress)), name: entry.name, directory: null });
}

/**
 * A drop: one folder (its name is cut off the paths), several (their names are kept), or files, in any mix.
 * Everything is taken out of the `DataTransfer` before the first `await`.
 */
export async function intakeDrop(data: DataTransfer, onProgress?: IntakeProgress): Promise<Intake> {
  const items = Array.from(data.items, (item) =>
    item.kind === 'file'
      ? { entry: item.webkitGetAsEntry(), handle: handleOf(item), file: item.getAsFile() }
      : null,
  ).filter((item) => item !== null);
  const folders = items.filter(({ entry }) => entry?.isDirectory);
  const only = folders.length === 1 ? folders[0]! : null;

  const files: FoundFile[] = [];
  const loose: { path: string; file: File }[] = [];
  const rejects: Reject[] = [];
  let ignored = 0;
  let directory: FileSystemDirectoryHandle | null = null;
  for (const { entry, handle, file } of items) {
    if (entry && isDirectoryEntry(entry)) {
      const prefix = only ? '' : `${entry.name}/`;
      const opened = await handle;
      // Handles are walked several times as fast as entries, where the browser gives them.
      const walked =
        opened && isDirectoryHandle(opened)
          ? await walkHandle(opened, prefix, onProgress)
          : await walkEntry(entry, prefix, onProgress);
      files.push(...walked.files);
      rejects.push(...walked.rejects);
      ignored += walked.ignored;
      if (only && opened && isDirectoryHandle(opened)) directory = opened;
    } else if (isSystemName(file?.name ?? entry?.name ?? '')) ignored += 1;
    else if (file) loose.push({ path: file.name, file });
    else if (entry && isFileEntry(entry)) loose.push({ path: entry.name, file: await fileOf(entry) });
  }
  files.push(...(await measureFiles(loose)));
  // Beside other files the folder alone would not bring all of them back.
  if (items.length > 1) directory = null;
  const name = folders.length > 0 ? listWords(folders.map(({ entry }) => entry!.name)) : fileWords(loose);
  return sortOut({ files, rejects, ignored, directory, name });
}

/** Files from an `<input>` (a `webkitdirectory` one carries relative paths) or from a script. */
export async function intakeFiles(list: readonly File[], onProgress?: IntakeProgress): Promise<Intake> {
  const paths = list.map((file) => file.webkitRelativePath || file.name);
  const roots = new Set(paths.map((path) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')));
  const [root = ''] = roots.size === 1 ? roots : [''];
  const files: { path: string; file: File }[] = [];
  let ignored = 0;
  list.forEach((file, index) => {
    const path = root ? paths[index]!.slice(root.length + 1) : paths[index]!;
    if (path.split('/').some(isSystemName)) ignored += 1;
    else files.push({ path, file });
  });
  return sortOut({
    files: await measureFiles(files, onProgress),
    rejects: [],
    ignored,
    directory: null,
    name: root || fileWords(files),
  });
}

function sortOut(
  found: Pick<Intake, 'name' | 'ignored' | 'directory'> & {
    readonly files: readonly FoundFile[];
    readonly rejects: readonly Reject[];
  },
): Intake {
  const audio: FoundFile[] = [];
  const tables: FoundFile[] = [];
  const rejects = [...found.rejects];
  for (const item of found.files) {
    const reject = rejectByName(item.path);
    if (reject) rejects.push(reject);
    else if (isTable(item.path)) tables.push(item);
    else audio.push(item);
  }
  const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
    compareCodePoints(a.path, b.path);
  return {
    name: found.name,
    audio: uniquePaths(audio.sort(byPath)),
    tables: tables.sort(byPath),
    rejects: rejects.sort(byPath),
    ignored: found.ignored,
    directory: found.directory,
  };
}

/** Files chosen from several folders may share a name: the second `a.wav` becomes `a (2).wav`. */
function uniquePaths(files: readonly FoundFile[]): readonly FoundFile[] {
  const taken = new Set<string>();
  let renamed = false;
  const unique = files.map((item) => {
    const extension = extensionOf(item.path);
    const stem = extension ? item.path.slice(0, -extension.length - 1) : item.path;
    let path = item.path;
    for (let n = 2; taken.has(path); n += 1) path = `${stem} (${n})${item.path.slice(stem.length)}`;
    taken.add(path);
    renamed ||= path !== item.path;
    return { ...item, path };
  });
  return renamed ? unique.sort((a, b) => compareCodePoints(a.path, b.path)) : unique;
}

function fileWords(files: readonly { readonly path: string }[]): string {
  const [first] = files;
  if (!first) return 'nothing';
  return files.length === 1 ? first.path : `${first.path} and ${files.length - 1} more`;
}

function listWords(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

interface HandleGivingItem {
  /** Chrome and Edge only; not in lib.dom. */
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

/** The item's handle where the browser gives one; a refusal only costs the remembering. */
function handleOf(item: DataTransferItem & HandleGivingItem): Promise<FileSystemHandle | null> {
  return item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null);
}
