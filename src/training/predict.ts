import type { Compute } from './compute/compute.ts';
import type { Feeder } from './feeder.ts';
import type { Head } from './heads/registry.ts';
import { Tape, type Value } from './tape.ts';

/** Examples at once in evaluation; fixed, so that every evaluation of the same examples gives the same bits. */
const evaluationBatch = 256;

/** Logits `[N, C]` of the examples at `indices`, without dropout. Lets the event loop run between batches. */
export async function predictLogits(
  compute: Compute,
  head: Head,
  parameter: (name: string) => Value,
  feeder: Feeder,
  indices: Int32Array,
  classes: number,
): Promise<Float32Array> {
  const logits = new Float32Array(indices.length * classes);
  for (let start = 0; start < indices.length; start += evaluationBatch) {
    const rows = indices.subarray(start, start + evaluationBatch);
    const captured = compute.scope(() => {
      const output = head.forward(new Tape(compute, null), parameter, feeder.input(rows));
      return compute.capture(output.logits.array);
    });
    logits.set(await compute.readCaptured([captured]), start * classes);
  }
  return logits;
}
