import { expose, transfer } from 'comlink';
import { UMAP } from 'umap-js';
import { principalComponents } from '../../experiments/principal-components.ts';
import { Rng } from '../../lib/rng.ts';

/** Before UMAP, embeddings are brought to so many components: neighbours are the same and are found sooner. */
const UMAP_COMPONENTS = 32;
const NEIGHBOURS = 15;
const SEED = 1;

const mapper = {
  /** `[N, D]` → `[N, 2]`. The same rows give the same picture. */
  place(rows: Float32Array, width: number, method: 'pca' | 'umap'): Float32Array {
    const points = method === 'pca' ? principalComponents(rows, width, 2, SEED) : umap(rows, width);
    return transfer(points, [points.buffer]);
  },
};

export type Mapper = typeof mapper;

expose(mapper);

function umap(rows: Float32Array, width: number): Float32Array {
  const n = rows.length / width;
  const reduced = Math.min(UMAP_COMPONENTS, width);
  const short = width > reduced ? principalComponents(rows, width, reduced, SEED) : rows;
  const vectors = Array.from({ length: n }, (_, row) => [
    ...short.subarray(row * reduced, (row + 1) * reduced),
  ]);
  // umap-js finds no neighbours where there are hardly any points.
  if (n < 5) return principalComponents(rows, width, 2, SEED);
  const rng = Rng.fromSeed(SEED, 'umap');
  const fitted = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(NEIGHBOURS, n - 1),
    random: () => rng.nextFloat(),
  }).fit(vectors);
  return Float32Array.from(fitted.flat());
}
