import { sha256Stream } from '../../lib/digest.ts';
import type { StreamingDigest } from '../../lib/digest.ts';
import { DownloadCorruptError, DownloadInterruptedError, HubUnreachableError } from './hub-errors.ts';
import { fileUrl, host, hubFetch, refuse } from './hub-listing.ts';
import type { HubFile, HubModel } from './hub-listing.ts';
import { writeAll } from './sync-file.ts';
import type { SyncAccessHandle } from './sync-file.ts';

/** Bytes of one file that are on disk, out of all. */
export interface FileProgress {
  readonly file: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: FileProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Wait before each new attempt, in milliseconds; their number is the number of attempts without progress. */
  readonly retryDelaysMs?: readonly number[] | undefined;
}

const DEFAULT_RETRY_DELAYS_MS = [500, 1000, 2000, 4000, 8000];
const REHASH_CHUNK_BYTES = 4 * 1024 * 1024;
const PROGRESS_INTERVAL_MS = 100;

/**
 * Downloads a file of a model into `handle`, going on after the bytes that are already there, and checks size and
 * SHA-256. The address names the commit, whose files never change, so a `Range` request needs no `If-Range` (which the
 * content network's CORS rules do not allow); bytes of anything else would show in the digest.
 * @throws DownloadInterruptedError (bytes kept), DownloadCorruptError (bytes deleted), GatedModelError,
 * ModelQuotaError (bytes kept), or the signal's reason (bytes kept)
 */
export async function downloadFile(
  model: HubModel,
  commit: string,
  file: HubFile,
  handle: SyncAccessHandle,
  options: DownloadOptions = {},
): Promise<void> {
  if (handle.getSize() > file.sizeBytes) handle.truncate(0);
  const target = await FileTarget.open(handle, file, options);
  try {
    await fetchAll(model, commit, file, target, options);
    target.finish();
  } finally {
    target.close();
  }
}

/** As many requests as it takes. */
async function fetchAll(
  model: HubModel,
  commit: string,
  file: HubFile,
  target: FileTarget,
  options: DownloadOptions,
): Promise<void> {
  const delays = options.retryDelaysMs ?? DEFAULT_RETRY_DELAYS_MS;
  let attemptsLeft = delays.length;
  while (target.offset < file.sizeBytes) {
    const before = target.offset;
    const problem = await fetchRest(model, commit, file, target, options.signal);
    if (problem === null) continue;
    if (target.offset > before) attemptsLeft = delays.length;
    if (attemptsLeft === 0) {
      throw new DownloadInterruptedError(
        `The connection to ${host(model.hub)} was lost at ${target.offset} of ${file.sizeBytes} bytes of ${file.name}. ` +
          'What has arrived is kept; try again to go on from there.',
        { cause: problem },
      );
    }
    await delay(delays[delays.length - attemptsLeft] ?? 0, options.signal);
    attemptsLeft -= 1;
  }
}

/** One request for everything after `target.offset`; gives back why it ended early, or null. */
async function fetchRest(
  model: HubModel,
  commit: string,
  file: HubFile,
  target: FileTarget,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const headers = target.offset > 0 ? { Range: `bytes=${target.offset}-` } : {};
  try {
    const response = await hubFetch(model, fileUrl(model, commit, file.name), signal, 'GET', headers);
    if (response.status === 429 || response.status >= 500) return `HTTP status ${response.status}`;
    if (!response.ok) refuse(model, response, true);
    // A server that knows no ranges sends the file from its start.
    if (response.status !== 206) await target.restart();
    const reader = response.body?.getReader();
    if (reader === undefined) return 'an empty response';
    for (let part = await reader.read(); !part.done; part = await reader.read()) target.write(part.value);
    return target.offset < file.sizeBytes ? 'the response ended early' : null;
  } catch (error) {
    signal?.throwIfAborted();
    // A connection cut in the middle of a body is a TypeError.
    if (error instanceof HubUnreachableError || error instanceof TypeError) return error;
    throw error;
  }
}

/** The growing file with its running digest. */
class FileTarget {
  readonly #handle: SyncAccessHandle;
  readonly #file: HubFile;
  readonly #onProgress: DownloadOptions['onProgress'];
  #digest: StreamingDigest;
  #offset = 0;
  #reportedAt = 0;
  #lateReport: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    handle: SyncAccessHandle,
    file: HubFile,
    digest: StreamingDigest,
    onProgress: DownloadOptions['onProgress'],
  ) {
    this.#handle = handle;
    this.#file = file;
    this.#digest = digest;
    this.#onProgress = onProgress;
  }

  /** Takes up what an earlier attempt has left; its bytes are hashed again. */
  static async open(
    handle: SyncAccessHandle,
    file: HubFile,
    { onProgress, signal }: DownloadOptions,
  ): Promise<FileTarget> {
    const target = new FileTarget(handle, file, await sha256Stream(), onProgress);
    const size = handle.getSize();
    const chunk = new Uint8Array(Math.min(REHASH_CHUNK_BYTES, size));
    while (target.#offset < size) {
      signal?.throwIfAborted();
      const count = handle.read(chunk, { at: target.#offset });
      if (count === 0) break;
      target.#digest.update(chunk.subarray(0, count));
      target.#offset += count;
    }
    return target;
  }

  get offset(): number {
    return this.#offset;
  }

  async restart(): Promise<void> {
    this.#handle.truncate(0);
    this.#digest = await sha256Stream();
    this.#offset = 0;
  }

  write(bytes: Uint8Array): void {
    if (this.#offset + bytes.byteLength > this.#file.sizeBytes) {
      return this.#refuse(`more than the announced ${this.#file.sizeBytes} bytes arrived`);
    }
    writeAll(this.#handle, this.#file.name, bytes, this.#offset);
    this.#digest.update(bytes);
    this.#offset += bytes.byteLength;
    this.#report(this.#offset === this.#file.sizeBytes);
  }

  /** Checks the whole; nothing that fails stays. */
  finish(): void {
    this.#handle.flush();
    this.#report(true);
    const { sha256 } = this.#file;
    if (sha256 !== null && this.#digest.hex() !== sha256)
      this.#refuse('its SHA-256 is not the announced one');
  }

  /** Nothing is reported any more. */
  close(): void {
    clearTimeout(this.#lateReport);
  }

  #refuse(problem: string): never {
    this.#handle.truncate(0);
    throw new DownloadCorruptError(
      `${this.#file.name} arrived damaged: ${problem}. It was deleted; try again to download it anew.`,
    );
  }

  /** At most one report an interval; what it holds back follows at its end, in case no more bytes come. */
  #report(always: boolean): void {
    const waitMs = this.#reportedAt + PROGRESS_INTERVAL_MS - performance.now();
    if (!always && waitMs > 0) {
      this.#lateReport ??= setTimeout(() => this.#report(true), waitMs);
      return;
    }
    clearTimeout(this.#lateReport);
    this.#lateReport = undefined;
    this.#reportedAt = performance.now();
    this.#onProgress?.({
      file: this.#file.name,
      receivedBytes: this.#offset,
      totalBytes: this.#file.sizeBytes,
    });
  }
}

function delay(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, durationMs);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}
