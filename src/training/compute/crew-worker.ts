import { jobArguments, jobs, runJob, type CrewStart } from './crew-jobs.ts';
import { loadKernels } from './kernels.ts';

/** Looks this often for the next job before it sleeps: a step's jobs follow each other within microseconds. */
const looks = 20_000;

globalThis.addEventListener('message', (event: MessageEvent<CrewStart>) => void work(event.data));

/** Never returns: the crew ends its helpers by terminating them. */
async function work({ memory, control, member, threads }: CrewStart): Promise<void> {
  const kernels = await loadKernels(memory);
  const numbers = jobs(control);
  const job = jobArguments(control);
  let done = Atomics.load(numbers, 0);
  globalThis.postMessage('ready');
  for (;;) {
    let newest = Atomics.load(numbers, 0);
    for (let i = 0; newest === done && i < looks; i += 1) newest = Atomics.load(numbers, 0);
    if (newest === done) {
      Atomics.wait(numbers, 0, done);
      continue;
    }
    runJob(kernels, job, member, threads);
    done = newest;
    Atomics.store(numbers, member, done);
    Atomics.notify(numbers, member);
  }
}
