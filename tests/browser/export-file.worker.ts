import { clearExports, writeExport } from '../../src/engine/export-file.ts';

export type ExportCall =
  | { readonly do: 'clear' | 'list' }
  /** Pieces of 64 KiB in one buffer, the n-th full of n. */
  | { readonly do: 'export'; readonly name: string; readonly pieces: number };

export interface ExportReply {
  readonly file?: File;
  readonly sizes?: readonly number[];
  readonly error?: string;
  readonly message?: string;
}

globalThis.addEventListener('message', ({ data, ports }: MessageEvent<ExportCall>) => {
  carryOut(data).then(
    (reply) => ports[0]?.postMessage(reply),
    (error: Error) =>
      ports[0]?.postMessage({ error: error.name, message: error.message } satisfies ExportReply),
  );
});

async function carryOut(call: ExportCall): Promise<ExportReply> {
  if (call.do === 'clear') await clearExports();
  if (call.do === 'export') return { file: await writeExport(pieces(call.pieces), call.name) };
  const root = await navigator.storage.getDirectory();
  const sizes: number[] = [];
  const folder = await root.getDirectoryHandle('exports', { create: true });
  for await (const handle of folder.values())
    if (handle.kind === 'file') sizes.push((await handle.getFile()).size);
  return { sizes: sizes.sort((a, b) => a - b) };
}

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(1 << 16);
  for (let n = 0; n < count; n += 1) {
    yield buffer.fill(n);
    await Promise.resolve();
  }
}
