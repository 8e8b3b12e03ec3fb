import * as v from 'valibot';
import { parseEncoderConfig } from '../../src/encoder/config.ts';
import type { Checkpoint, TensorEntry } from '../../src/encoder/checkpoint/checkpoint.ts';

/** Small checkpoints with the hidden states that Hugging Face transformers gives for three clips. */
export interface GoldenCase {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  readonly expected: ReadonlyMap<string, Tensor>;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const files = import.meta.glob<string>('../fixtures/golden/**/*.{json,safetensors}', {
  query: '?url',
  import: 'default',
  eager: true,
});

async function fetchFixture(path: string): Promise<Response> {
  const url = files[`../fixtures/golden/${path}`];
  if (url === undefined) throw new Error(`No fixture ${path}.`);
  return fetch(url);
}

const headerSchema = v.record(
  v.string(),
  v.union([
    v.object({ shape: v.array(v.number()), data_offsets: v.tuple([v.number(), v.number()]) }),
    v.object({ format: v.string() }),
  ]),
);

const preprocessorSchema = v.object({ do_normalize: v.boolean() });

/** Reads a float32 safetensors file. */
async function fetchTensors(path: string): Promise<Map<string, Tensor>> {
  const buffer = await (await fetchFixture(path)).arrayBuffer();
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = v.parse(
    headerSchema,
    JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength))),
  );
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (!('shape' in entry)) continue;
    const [start, end] = entry.data_offsets;
    const bytes = buffer.slice(8 + headerLength + start, 8 + headerLength + end);
    tensors.set(name, { shape: entry.shape, values: new Float32Array(bytes) });
  }
  return tensors;
}

/** Every case among the fixtures. */
export const goldenNames: readonly string[] = Object.keys(files)
  .filter((path) => path.endsWith('/expected.safetensors'))
  .map((path) => path.split('/').at(-2) ?? '');

export async function loadGolden(name: string): Promise<GoldenCase> {
  const config = parseEncoderConfig(await (await fetchFixture(`${name}/config.json`)).json());
  const preprocessor = v.parse(
    preprocessorSchema,
    await (await fetchFixture(`${name}/preprocessor_config.json`)).json(),
  );
  const tensors = new Map<string, TensorEntry>();
  for (const [key, tensor] of await fetchTensors(`${name}/model.safetensors`))
    tensors.set(key, {
      name: key,
      shape: tensor.shape,
      dtype: 'F32',
      read: async () => tensor.values.slice(),
    });
  return {
    name,
    checkpoint: { config, doNormalize: preprocessor.do_normalize, tensors },
    expected: await fetchTensors(`${name}/expected.safetensors`),
  };
}

/** The three clips: 2.3 s, 1 s and 0.125 s. */
export async function loadGoldenClips(): Promise<Float32Array[]> {
  const clips = await fetchTensors('clips.safetensors');
  return [...clips.values()].map((clip) => clip.values);
}

/** max |difference| / max |expected| */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const gap = Math.abs((actual[i] ?? 0) - (expected[i] ?? 0));
    // NaN must not pass: it is never greater than anything.
    difference = gap <= difference ? difference : gap;
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return largest === 0 ? difference : difference / largest;
}
