/// <reference lib="webworker" />
import { describeError } from './errors.ts';
import type { ProbeFile, ProbeResult, WorkerCommand, WorkerReply } from './messages.ts';
import { prepareWindows, type PrepareRequest } from './prepare.ts';
import { probeAudio } from './probe.ts';

/** A decode worker: one job at a time, windows sent as they are ready and asked for. */

declare const self: DedicatedWorkerGlobalScope;

/** Reads of small pieces that run beside each other: enough to hide the latency of the file system. */
const probesAtOnce = 16;

interface Job {
  readonly id: number;
  cancelled: boolean;
  /** Windows that may still be sent before the pool asks for more. */
  credit: number;
  wake: (() => void) | null;
}

let current: Job | null = null;

self.addEventListener('message', (event: MessageEvent<WorkerCommand>) => {
  const command = event.data;
  switch (command.type) {
    case 'prepare':
      current = { id: command.job, cancelled: false, credit: 0, wake: null };
      void prepare(current, command.request);
      break;
    case 'probe':
      current = { id: command.job, cancelled: false, credit: 0, wake: null };
      void probe(current, command.files);
      break;
    case 'take':
      if (current?.id === command.job) {
        current.credit += command.windows;
        current.wake?.();
      }
      break;
    case 'cancel':
      if (current?.id === command.job) {
        current.cancelled = true;
        current.wake?.();
      }
  }
});

async function prepare(job: Job, request: PrepareRequest): Promise<void> {
  const windows = prepareWindows(request);
  try {
    for (;;) {
      const next = await windows.next();
      if (next.done === true) {
        reply({ type: 'prepared', job: job.id, summary: next.value });
        return;
      }
      while (job.credit <= 0 && !job.cancelled) {
        await new Promise<void>((resolve) => {
          job.wake = resolve;
        });
      }
      if (job.cancelled) break;
      job.credit -= 1;
      reply({ type: 'window', job: job.id, window: next.value }, [next.value.samples.buffer]);
    }
    // The decoder's finally blocks free what it holds.
    await windows.return({ contentHash: '', durationSec: 0, timings: noTime });
    reply({ type: 'failed', job: job.id, error: cancelledRecord(request.path) });
  } catch (error) {
    reply({ type: 'failed', job: job.id, error: describeError(error, request.path) });
  }
}

const noTime = { decodeMs: 0, resampleMs: 0, augmentMs: 0 } as const;

function cancelledRecord(path: string): { errorName: string; reason: string } {
  return { errorName: 'DecodeCancelledError', reason: `The preparation of “${path}” was cancelled.` };
}

async function probe(job: Job, files: readonly ProbeFile[]): Promise<void> {
  const results: ProbeResult[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next; index < files.length && !job.cancelled; index = next) {
      next += 1;
      const file = files[index];
      if (file !== undefined) results[index] = await probeOne(file);
    }
  };
  await Promise.all(Array.from({ length: probesAtOnce }, lane));
  if (job.cancelled) reply({ type: 'failed', job: job.id, error: cancelledRecord(files[0]?.path ?? '') });
  else reply({ type: 'probed', job: job.id, results });
}

async function probeOne({ path, file }: ProbeFile): Promise<ProbeResult> {
  try {
    return await probeAudio(file, path);
  } catch (error) {
    return describeError(error, path);
  }
}

function reply(message: WorkerReply, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}
