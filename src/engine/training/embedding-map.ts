import { transfer, wrap } from 'comlink';
import { WorkerStartError } from '../errors.ts';
import { TrainingDataError } from '../../training/errors.ts';
import type { RunJob } from './run-job.ts';
import { PARTS } from './run-record.ts';
import type { Mapper } from './map-worker.ts';
import type { TrainingJudge } from './training-judge.ts';
import type { EmbeddingMap } from '../training-protocol.ts';
import type { Features, TrainingSourceData } from './training-source.ts';

/** Places the recordings of a source on a plane, with what a run predicts of them where one is given. */
export async function embeddingMap(
  data: TrainingSourceData,
  method: EmbeddingMap['method'],
  asked: { readonly job: RunJob; readonly judge: TrainingJudge } | null,
): Promise<EmbeddingMap> {
  const rows = data.rows.filter(({ isAugmented }) => !isAugmented);
  if (rows.length === 0)
    throw new TrainingDataError('There is nothing to draw: no clip has been embedded yet.');
  const ids = rows.map(({ id }) => id);
  const { vectors, width } = oneVectorEach(await data.features(ids));
  const partOf = new Map(asked?.job.spec.ids.map((id, at) => [id, asked.job.spec.parts[at]!]));
  const predictions = asked && (await asked.judge.predictions(asked.job, data, ids));
  return {
    method,
    points: await placed(vectors, width, method),
    paths: ids,
    labels: rows.map(({ label }) => label ?? ''),
    speakers: rows.map(({ speaker }) => speaker ?? ''),
    predictions,
    parts: ids.map((id) => {
      const part = partOf.get(id) ?? -1;
      return part === -1 ? 'none' : PARTS[part];
    }),
  };
}

/** In a worker of its own, so that extraction and training go on meanwhile. */
async function placed(
  vectors: Float32Array,
  width: number,
  method: EmbeddingMap['method'],
): Promise<Float32Array> {
  const worker = new Worker(new URL('./map-worker.ts', import.meta.url), { type: 'module' });
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', ({ message }) =>
      reject(new WorkerStartError('The drawing of maps', message)),
    );
  });
  try {
    return await Promise.race([
      failed,
      wrap<Mapper>(worker).place(transfer(vectors, [vectors.buffer]), width, method),
    ]);
  } finally {
    worker.terminate();
  }
}

/** The last kept layer of each example, frames averaged. */
function oneVectorEach({ layout, values, frameOffsets }: Features): {
  readonly vectors: Float32Array<ArrayBuffer>;
  readonly width: number;
} {
  const width = layout.size;
  if (frameOffsets) {
    const vectors = new Float32Array((frameOffsets.length - 1) * width);
    for (let example = 0; example + 1 < frameOffsets.length; example += 1) {
      const [first, end] = [frameOffsets[example]!, frameOffsets[example + 1]!];
      for (let frame = first; frame < end; frame += 1)
        for (let d = 0; d < width; d += 1)
          vectors[example * width + d]! += values[frame * width + d]! / (end - first);
    }
    return { vectors, width };
  }
  const layers = layout.kind === 'layers' ? layout.layers : 1;
  const count = values.length / (layers * width);
  const vectors = new Float32Array(count * width);
  for (let example = 0; example < count; example += 1) {
    const start = (example * layers + layers - 1) * width;
    vectors.set(values.subarray(start, start + width), example * width);
  }
  return { vectors, width };
}
