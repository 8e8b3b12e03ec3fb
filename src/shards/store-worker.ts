import { openStore } from './opfs.ts';
import type { RecordStore } from './store.ts';
import type { OpenedStore, StoreReply, StoreRequest } from './store-messages.ts';

/** Holds the store on the private file system, where writing and flushing block nobody who computes. */

let opened: RecordStore | null = null;
const streams = new Map<number, ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>>();

globalThis.addEventListener('message', ({ data }: MessageEvent<StoreRequest>) => void answer(data));

async function answer(request: StoreRequest): Promise<void> {
  const { id } = request;
  try {
    const value = await carryOut(request);
    // Bytes are handed over, not copied: the store keeps none that it gave.
    tell({ type: 'done', id, value }, value instanceof Uint8Array ? [value.buffer] : []);
  } catch (thrown) {
    const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
    tell({ type: 'failed', id, error: { name, message, ...(stack === undefined ? {} : { stack }) } });
  }
}

async function carryOut(request: StoreRequest): Promise<unknown> {
  if (request.method === 'open') {
    opened = await openStore(request.args[0]);
    opened.subscribe((change) => tell({ type: 'change', change }));
    const { writable, recovery, session } = opened;
    return { writable, recovery, session } satisfies OpenedStore;
  }
  if (!opened) throw new Error('The store is used before it is open.');
  switch (request.method) {
    case 'verify':
      return opened.verify(request.args[0], (progress) =>
        tell({ type: 'progress', id: request.id, progress }),
      );
    case 'stream':
      streams.set(request.id, opened.stream(request.args[0]).getReader());
      return null;
    case 'nextPiece':
      return nextPiece(request.args[0]);
    case 'endStream':
      await streams.get(request.args[0])?.cancel();
      streams.delete(request.args[0]);
      return null;
    default:
      return Reflect.apply(opened[request.method], opened, request.args);
  }
}

async function nextPiece(stream: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const reader = streams.get(stream);
  if (!reader) return null;
  const { done, value } = await reader.read().catch((error: unknown) => {
    streams.delete(stream);
    throw error;
  });
  if (done) streams.delete(stream);
  return value ?? null;
}

function tell(reply: StoreReply, transfer: Transferable[] = []): void {
  globalThis.postMessage(reply, { transfer });
}
