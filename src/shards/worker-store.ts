import { StorageUnavailableError } from './errors.ts';
import type { OpenStoreOptions } from './opfs.ts';
import type {
  CrossingError,
  OpenedStore,
  PlainCall,
  StoreCall,
  StoreReply,
  StoreRequest,
} from './store-messages.ts';
import type {
  JobSpace,
  JsonValue,
  RecordRef,
  RecordStore,
  Recovery,
  StoreChange,
  VerifyProgress,
} from './store.ts';

/**
 * The store of `openStore` in a worker of its own: an append is digested, written and flushed there, while the caller
 * goes on computing. Errors keep their names, not their classes.
 * @throws StorageUnavailableError where there is no private file system.
 */
export async function openStoreInWorker(options: OpenStoreOptions = {}): Promise<RecordStore> {
  const line = new StoreLine();
  try {
    return new WorkerStore(line, (await line.ask({ method: 'open', args: [options] })) as OpenedStore);
  } catch (error) {
    line.end();
    throw error;
  }
}

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: VerifyProgress) => void) | undefined;
}

/** Asks the worker and waits for its answers. */
class StoreLine {
  readonly #worker = new Worker(new URL('./store-worker.ts', import.meta.url), { type: 'module' });
  readonly #asked = new Map<number, Asked>();
  readonly listeners = new Set<(change: StoreChange) => void>();
  #count = 0;
  #hasAnswered = false;
  #end: Error | null = null;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<StoreReply>) => this.#take(data));
    this.#worker.addEventListener('error', (event) => {
      // A worker that never answered could not be started; later errors are none of a call's, and reported as such.
      if (!this.#hasAnswered) this.end(event.message);
      else console.error(event.message);
    });
  }

  ask(
    call: StoreCall,
    transfer: Transferable[] = [],
    onProgress?: (progress: VerifyProgress) => void,
  ): Promise<unknown> {
    return this.begin(call, transfer, onProgress).answer;
  }

  /** As `ask`, with the call's number. */
  begin(
    call: StoreCall,
    transfer: Transferable[] = [],
    onProgress?: (progress: VerifyProgress) => void,
  ): { readonly id: number; readonly answer: Promise<unknown> } {
    this.#count += 1;
    const id = this.#count;
    const answer = new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      this.#asked.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ id, ...call } satisfies StoreRequest, transfer);
    });
    return { id, answer };
  }

  /** Ends the worker; what was asked and not answered fails. */
  end(reason = 'it was closed'): void {
    this.#worker.terminate();
    this.#end ??= new StorageUnavailableError(
      `The part of this app that keeps the records has ended (${reason}). What was committed is safe; reload the page.`,
    );
    for (const { reject } of this.#asked.values()) reject(this.#end);
    this.#asked.clear();
  }

  #take(reply: StoreReply): void {
    this.#hasAnswered = true;
    if (reply.type === 'change') {
      for (const listener of this.listeners) listener(reply.change);
      return;
    }
    const asked = this.#asked.get(reply.id);
    if (reply.type === 'progress') {
      asked?.onProgress?.(reply.progress);
      return;
    }
    this.#asked.delete(reply.id);
    if (reply.type === 'failed') asked?.reject(errorFrom(reply.error));
    else asked?.resolve(reply.value);
  }
}

class WorkerStore implements RecordStore {
  readonly writable: boolean;
  readonly recovery: Recovery;
  readonly session: string | null;
  readonly #line: StoreLine;
  #isClosed = false;

  constructor(line: StoreLine, { writable, recovery, session }: OpenedStore) {
    this.#line = line;
    this.writable = writable;
    this.recovery = recovery;
    this.session = session;
  }

  jobs(): Promise<readonly string[]> {
    return this.#call('jobs', []);
  }

  records(job: string, kind?: string): Promise<readonly RecordRef[]> {
    return this.#call('records', kind === undefined ? [job] : [job, kind]);
  }

  find(job: string, kind: string, key: string): Promise<RecordRef | null> {
    return this.#call('find', [job, kind, key]);
  }

  append(
    job: string,
    kind: string,
    key: string,
    meta: JsonValue,
    payload: Uint8Array | readonly Uint8Array[],
    { isHandedOver = false } = {},
  ): Promise<RecordRef> {
    // Copied at once, so that the caller may go on with its own; a view alone would take its whole buffer along.
    const pieces = (payload instanceof Uint8Array ? [payload] : payload).map((piece) =>
      isHandedOver && ownsItsBuffer(piece) ? piece : new Uint8Array(piece),
    );
    return this.#call(
      'append',
      [job, kind, key, meta, pieces],
      pieces.map(({ buffer }) => buffer),
    );
  }

  read(ref: RecordRef): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('read', [ref]);
  }

  readRange(
    ref: RecordRef,
    offset: number,
    length: number,
    spare?: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return spare
      ? this.#call('readRange', [ref, offset, length, spare], [spare])
      : this.#call('readRange', [ref, offset, length]);
  }

  stream(ref: RecordRef): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { id, answer } = this.#line.begin({ method: 'stream', args: [ref] });
    // Awaited by the first pull, which reports a failure.
    answer.catch(() => undefined);
    return new ReadableStream(
      {
        pull: async (controller) => {
          await answer;
          const piece = await this.#line.ask({ method: 'nextPiece', args: [id] });
          if (piece instanceof Uint8Array) controller.enqueue(new Uint8Array(piece.buffer as ArrayBuffer));
          else controller.close();
        },
        cancel: async () => {
          await this.#line.ask({ method: 'endStream', args: [id] });
        },
      },
      { highWaterMark: 0 },
    );
  }

  slice(ref: RecordRef): Promise<Blob> {
    return this.#call('slice', [ref]);
  }

  forget(job: string, kind: string, key: string): Promise<void> {
    return this.#call('forget', [job, kind, key]);
  }

  removeJob(job: string): Promise<number> {
    return this.#call('removeJob', [job]);
  }

  async verify(
    job: string,
    onProgress?: (progress: VerifyProgress) => void,
  ): Promise<{ readonly checked: number; readonly damaged: readonly RecordRef[] }> {
    const report = await this.#line.ask({ method: 'verify', args: [job] }, [], onProgress);
    return report as Awaited<ReturnType<RecordStore['verify']>>;
  }

  space(job: string): Promise<JobSpace> {
    return this.#call('space', [job]);
  }

  compact(job: string): Promise<{ readonly freedBytes: number }> {
    return this.#call('compact', [job]);
  }

  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#line.listeners.add(listener);
    return () => void this.#line.listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#call('close', []);
    this.#line.end();
  }

  #call<Method extends PlainCall>(
    method: Method,
    args: Parameters<RecordStore[Method]>,
    transfer: Transferable[] = [],
  ): Promise<Awaited<ReturnType<RecordStore[Method]>>> {
    return this.#line.ask({ method, args } as StoreCall, transfer) as Promise<
      Awaited<ReturnType<RecordStore[Method]>>
    >;
  }
}

function ownsItsBuffer(piece: Uint8Array): piece is Uint8Array<ArrayBuffer> {
  return piece.buffer instanceof ArrayBuffer && piece.byteLength === piece.buffer.byteLength;
}

function errorFrom({ name, message, stack }: CrossingError): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
