/// <reference types="@vitest/browser-playwright" />
import { cdp } from 'vitest/browser';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { ExportCall, ExportReply } from './export-file.worker.ts';

const PIECE = 1 << 16;
const worker = new Worker(new URL('./export-file.worker.ts', import.meta.url), { type: 'module' });
afterAll(() => worker.terminate());

function ask(call: ExportCall): Promise<ExportReply> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<ExportReply>) => {
      port1.close();
      resolve(data);
    };
    worker.postMessage(call, [port2]);
  });
}

beforeEach(() => ask({ do: 'clear' }));

test('pieces that share their memory come out as one file, and the next export of that name takes its place', async () => {
  const { file } = await ask({ do: 'export', name: 'a.npz', pieces: 40 });
  expect(file).toMatchObject({ name: 'a.npz', size: 40 * PIECE, type: 'application/zip' });
  const bytes = new Uint8Array(await file!.arrayBuffer());
  for (let n = 0; n < 40; n += 1) expect(bytes[n * PIECE + 77]).toBe(n);
  const second = await ask({ do: 'export', name: 'a.npz', pieces: 3 });
  await ask({ do: 'export', name: 'b.npz', pieces: 2 });
  expect(second.file?.size).toBe(3 * PIECE);
  expect((await ask({ do: 'list' })).sizes).toEqual([2 * PIECE, 3 * PIECE]);
});

test('two exports of one name at the same time do not get into each other: the one that ends last is left, whole', async () => {
  const [first, last] = await Promise.all([
    ask({ do: 'export', name: 'a.npz', pieces: 5 }),
    ask({ do: 'export', name: 'a.npz', pieces: 300 }),
  ]);
  expect(first.error).toBeUndefined();
  expect((await last.file!.arrayBuffer()).byteLength).toBe(300 * PIECE);
  expect((await ask({ do: 'list' })).sizes).toEqual([300 * PIECE]);
});

test('where the copy has no room the error says what to do, nothing is left behind and the former copy stays', async () => {
  await ask({ do: 'export', name: 'a.npz', pieces: 4 });
  const { usage = 0 } = await navigator.storage.estimate();
  const session = cdp();
  const { origin } = location;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 20 * PIECE });
  try {
    const { error, message } = await ask({ do: 'export', name: 'a.npz', pieces: 500 });
    expect(error).toBe('NotEnoughSpaceError');
    expect(message).toContain('no room for a copy of a.npz');
  } finally {
    await session.send('Storage.overrideQuotaForOrigin', { origin });
  }
  expect((await ask({ do: 'list' })).sizes).toEqual([4 * PIECE]);
});
