import { sha256Text } from '../../lib/digest.ts';
import type { Checkpoint, TensorEntry } from './checkpoint.ts';

/** A checkpoint that notes the digest of each tensor as it is read. */
export interface HashingCheckpoint {
  readonly checkpoint: Checkpoint;
  /**
   * Identity of the encoder, 64 hex digits: the same for every file format and number type that holds the same
   * float32 values. Tensors that nobody has read are read now.
   */
  readonly hash: () => Promise<string>;
}

/**
 * Wraps a checkpoint so that its weights are hashed on their way to the device and need not be read twice. Give
 * `checkpoint` to the encoder, then call `hash()`. The hash is SHA-256 over one line for the config and, in order of
 * name, one line `NAME SHAPE SHA-256-of-the-float32-bytes` per tensor; docs/formats.md has the exact text.
 */
export function hashing(checkpoint: Checkpoint): HashingCheckpoint {
  const digests = new Map<string, Promise<string>>();
  const wrap = (entry: TensorEntry): TensorEntry => ({
    ...entry,
    read: async () => {
      const values = await entry.read();
      // Taken before the values leave this function: the reader may transfer their buffer away.
      if (!digests.has(entry.name)) digests.set(entry.name, sha256Values(values));
      return values;
    },
  });
  const tensors = new Map([...checkpoint.tensors].map(([name, entry]) => [name, wrap(entry)]));
  return {
    checkpoint: { ...checkpoint, tensors },
    hash: async () => {
      const lines = [configLine(checkpoint)];
      for (const name of [...tensors.keys()].sort()) {
        const entry = tensors.get(name);
        if (!digests.has(name)) await entry?.read();
        lines.push(`${name} ${entry?.shape.join('x')} ${await digests.get(name)}`);
      }
      return sha256Text(lines.join('\n') + '\n');
    },
  };
}

/** The identity of a checkpoint, reading every tensor once. */
export function weightsHash(checkpoint: Checkpoint): Promise<string> {
  return hashing(checkpoint).hash();
}

/** SHA-256 of little-endian float32 bytes; WebCrypto copies its input before it returns. */
async function sha256Values(values: Float32Array): Promise<string> {
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The sizes and switches that change what the same weights compute, keys sorted at every depth. */
function configLine({ config, doNormalize }: Checkpoint): string {
  const { modelType: _family, ...numbers } = config;
  return `config ${JSON.stringify(sortKeys({ ...numbers, doNormalize }))}`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sortKeys(child)]),
  );
}
