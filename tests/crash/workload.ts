import { Rng } from '../../src/lib/rng.ts';

/** One step of a deterministic mixed load on a store: step `index` of seed `seed` is always the same. */
export type Operation =
  | { readonly type: 'put'; readonly job: string; readonly key: string; readonly sizeBytes: number }
  | { readonly type: 'forget'; readonly job: string; readonly key: string }
  | { readonly type: 'compact'; readonly job: string }
  | { readonly type: 'remove'; readonly job: string };

export const JOBS = ['extraction', 'training', 'labels'] as const;
export const KIND = 'shard';

export function operationAt(seed: number, index: number): Operation {
  const rng = Rng.fromSeed(seed, 'operation', index);
  const job = JOBS[rng.nextInt(JOBS.length)] ?? JOBS[0];
  const dice = rng.nextInt(1000);
  const key = `record ${rng.nextInt(60)}`;
  if (dice < 80) return { type: 'forget', job, key };
  if (dice < 110) return { type: 'compact', job };
  if (dice < 115) return { type: 'remove', job };
  const sizes = [0, 100, 5000, 60_000, 400_000, 1_000_000];
  const largest = sizes[rng.nextInt(sizes.length)] ?? 100;
  return { type: 'put', job, key, sizeBytes: largest === 0 ? 0 : rng.nextInt(largest) };
}

/** The bytes that step `index` puts; cheap to make, different at every place and step. */
export function payloadOf(seed: number, index: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let word = Rng.fromSeed(seed, 'payload', index).nextUint32();
  for (let i = 0; i < words.length; i += 1) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    words[i] = word ^ i;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

/** What a store holds: `job/key` → the step that put it. */
export type StoreContents = Readonly<Record<string, number>>;

/** What a store holds after the first `count` steps. */
export class WorkloadModel {
  readonly #seed: number;
  readonly #contents = new Map<string, number>();
  count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  advance(): void {
    const operation = operationAt(this.#seed, this.count);
    if (operation.type === 'put') this.#contents.set(`${operation.job}/${operation.key}`, this.count);
    if (operation.type === 'forget') this.#contents.delete(`${operation.job}/${operation.key}`);
    if (operation.type === 'remove')
      for (const name of this.#contents.keys())
        if (name.startsWith(`${operation.job}/`)) this.#contents.delete(name);
    this.count += 1;
  }

  holds(contents: StoreContents): boolean {
    const names = Object.keys(contents);
    return (
      names.length === this.#contents.size &&
      names.every((name) => this.#contents.get(name) === contents[name])
    );
  }

  contents(): StoreContents {
    return Object.fromEntries(this.#contents);
  }
}
