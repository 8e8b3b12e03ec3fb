import { kernelTable, takeTasks, viewShared, word, type ThreadStart } from './protocol.ts';

/** Looks this often before it sleeps: between two kernels of a layer there are some 20 µs. */
const spins = 4000;

/** A kernel thread: it never returns to its event loop, and ends by being terminated. */
function serve({ module, memory, shared, thread }: ThreadStart): void {
  const kernels = kernelTable(new WebAssembly.Instance(module, { env: { memory } }));
  const job = viewShared(shared);
  const { control } = job;
  let seen = 0;
  postMessage('ready');
  for (;;) {
    for (let i = 0; i < spins && Atomics.load(control, word.generation) === seen; i += 1);
    Atomics.wait(control, word.generation, seen);
    seen = Atomics.load(control, word.generation);
    // First counted in, then looked whether the job is still open: the caller closes it and waits for the count.
    Atomics.add(control, word.active, 1);
    if (Atomics.load(control, word.isOpen) === 1) takeTasks(job, kernels, thread);
    Atomics.sub(control, word.active, 1);
    Atomics.notify(control, word.active);
  }
}

addEventListener('message', (event: MessageEvent<ThreadStart>) => serve(event.data), { once: true });
