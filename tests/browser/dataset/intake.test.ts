/// <reference types="@vitest/browser-playwright" />
import { cdp, server } from 'vitest/browser';
import { afterEach, expect, test } from 'vitest';
import {
  folderState,
  forgetFolder,
  FolderAccessError,
  rememberFolder,
  reopenFolder,
} from '../../../src/dataset/folder-handle.ts';
import type { Intake } from '../../../src/dataset/found-file.ts';
import { intake, intakeDrop, intakeHandle } from '../../../src/dataset/intake.ts';

afterEach(async () => {
  const root = await navigator.storage.getDirectory();
  for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
});

async function writeFile(folder: FileSystemDirectoryHandle, path: string, text = 'x'): Promise<void> {
  const parts = path.split('/');
  let at = folder;
  for (const part of parts.slice(0, -1)) at = await at.getDirectoryHandle(part, { create: true });
  const writable = await (await at.getFileHandle(parts.at(-1)!, { create: true })).createWritable();
  await writable.write(text);
  await writable.close();
}

async function makeFolder(name: string, paths: readonly string[]): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  for (const path of paths) await writeFile(folder, path);
  return folder;
}

const paths = ({ audio }: Intake): readonly string[] => audio.map(({ path }) => path);

/** Drops real files and folders of this project on the page, as a hand would. */
async function drop(...files: readonly string[]): Promise<Intake> {
  const dropped = new Promise<Intake>((resolve, reject) => {
    const prevent = (event: DragEvent): void => event.preventDefault();
    document.addEventListener('dragover', prevent, { once: false });
    document.addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        document.removeEventListener('dragover', prevent);
        intake(event.dataTransfer!).then(resolve, reject);
      },
      { once: true },
    );
  });
  document.body.style.minHeight = '100vh';
  const frame = window.frameElement?.getBoundingClientRect();
  const data = {
    items: [],
    files: files.map((file) => `${server.config.root}/tests/fixtures/${file}`),
    dragOperationsMask: 1,
  };
  const session = cdp();
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      x: (frame?.x ?? 0) + 20,
      y: (frame?.y ?? 0) + 20,
      data,
    });
  return dropped;
}

test('a dropped folder gives paths without its name, its CSV, what was set aside, and its handle', async () => {
  const found = await drop('corpus');
  expect(found.name).toBe('corpus');
  expect(paths(found)).toEqual(['Angry/a 😀.wav', 'Angry/deep/er/b.wav', 'Sad/c.WAV', 'odd-file']);
  expect(found.tables.map(({ path }) => path)).toEqual(['labels.csv']);
  expect(found.rejects.map(({ path, errorName }) => [path, errorName])).toEqual([
    ['notes.txt', 'NotAudioError'],
  ]);
  expect(found.ignored).toBe(1);
  expect(found.directory?.kind).toBe('directory');
  expect(paths(await intakeHandle(found.directory!))).toEqual(paths(found));
  expect(await found.audio[0]!.file.text()).toBe('not really audio\n');
});

test('two dropped folders keep their names; files beside a folder are taken along', async () => {
  const two = await drop('corpus/Angry', 'corpus/Sad');
  expect(two.name).toBe('Angry and Sad');
  expect(paths(two)).toEqual(['Angry/a 😀.wav', 'Angry/deep/er/b.wav', 'Sad/c.WAV']);
  expect(two.directory).toBeNull();
  const mixed = await drop('corpus/Sad', 'corpus/labels.csv');
  expect(paths(mixed)).toEqual(['c.WAV']);
  expect(mixed.tables).toHaveLength(1);
  const files = await drop('corpus/Sad/c.WAV');
  expect([files.name, ...paths(files)]).toEqual(['c.WAV', 'c.WAV']);
});

test('a folder of more than one batch of entries is read to its end, in code-point order', async () => {
  const names = Array.from({ length: 333 }, (_, i) => `${i % 7}/${i % 3}/${i}.wav`);
  const folder = await makeFolder('many', names);
  const seen: number[] = [];
  const found = await intakeHandle(folder, (count) => seen.push(count));
  expect(paths(found)).toEqual(names.toSorted());
  expect(seen.at(-1)).toBe(333);
  expect(found.directory).toBe(folder);
});

test('a drop without files is empty, not an error', async () => {
  const found = await intakeDrop(new DataTransfer());
  expect([found.audio.length, found.rejects.length, found.directory]).toEqual([0, 0, null]);
});

test('a folder is remembered by its dataset, reopened, and forgotten', async () => {
  const folder = await makeFolder('remembered', ['a/b.wav']);
  expect(await folderState('id')).toBe('unknown');
  await rememberFolder('id', folder);
  expect(await folderState('id')).toBe('granted');
  const reopened = await reopenFolder('id');
  expect(await reopened.isSameEntry(folder)).toBe(true);
  expect(paths(await intakeHandle(reopened))).toEqual(['a/b.wav']);
  await forgetFolder('id');
  await expect(reopenFolder('id')).rejects.toThrow(FolderAccessError);
});

/** A file whose size takes the disk a while to say, as those of an `<input>` do. */
class SlowFile extends File {
  override get size(): number {
    const until = performance.now() + 3;
    while (performance.now() < until);
    return super.size;
  }
}

test('while the sizes of picked files are asked for, the page goes on painting, and its timers and messages come in', async () => {
  const files = Array.from({ length: 300 }, (_, i) => new SlowFile(['x'.repeat(i + 1)], `${i}.wav`));
  const seen = { timers: 0, messages: 0, frames: 0 };
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    seen.messages += 1;
    channel.port1.postMessage(null);
  };
  channel.port2.onmessage = () => channel.port2.postMessage(null);
  channel.port1.postMessage(null);
  const timer = setInterval(() => (seen.timers += 1), 4);
  const paint = (): void => {
    seen.frames += 1;
    requestAnimationFrame(paint);
  };
  requestAnimationFrame(paint);
  try {
    const { audio } = await intake(files);
    const counted = { ...seen };
    expect(new Map(audio.map(({ path, sizeBytes }) => [path, sizeBytes]))).toEqual(
      new Map(files.map((file, i) => [file.name, i + 1])),
    );
    // 900 ms of questions: without turns nothing at all would come in.
    for (const count of Object.values(counted)) expect(count).toBeGreaterThanOrEqual(3);
    for (const count of Object.values(counted)) expect(count).toBeGreaterThanOrEqual(3);
  } finally {
    clearInterval(timer);
    channel.port1.close();
  }
});
