import type { ErrorRecord } from './errors.ts';
import type { AudioHeader } from './header.ts';
import type { PreparedWindow, PrepareRequest, PrepareSummary } from './prepare.ts';

/** What the pool tells a decode worker. A worker has one job at a time; `job` numbers it. */
export type WorkerCommand =
  | { readonly type: 'prepare'; readonly job: number; readonly request: PrepareRequest }
  | { readonly type: 'probe'; readonly job: number; readonly files: readonly ProbeFile[] }
  /** Asks for more windows: the worker stays at most so many ahead of what was taken. */
  | { readonly type: 'take'; readonly job: number; readonly windows: number }
  | { readonly type: 'cancel'; readonly job: number };

/** What a decode worker answers. */
export type WorkerReply =
  | { readonly type: 'window'; readonly job: number; readonly window: PreparedWindow }
  | { readonly type: 'prepared'; readonly job: number; readonly summary: PrepareSummary }
  | { readonly type: 'probed'; readonly job: number; readonly results: readonly ProbeResult[] }
  | { readonly type: 'failed'; readonly job: number; readonly error: ErrorRecord };

export interface ProbeFile {
  readonly path: string;
  readonly file: Blob;
}

/** A header, or why the file is set aside. */
export type ProbeResult = AudioHeader | ErrorRecord;
