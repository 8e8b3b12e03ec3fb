import { MalformedJsonError } from './errors.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { readJson } from './file-kind.ts';

/**
 * Names of the tensors to take from each part of a sharded checkpoint (`model.safetensors.index.json`).
 * @throws MalformedJsonError
 */
export async function indexedParts(file: CheckpointFile): Promise<Map<string, Set<string>>> {
  const json = await readJson(file);
  const map = isRecord(json) ? json['weight_map'] : undefined;
  if (!isRecord(map)) throw new MalformedJsonError(`${file.path} has no weight_map. Download it again.`);
  const parts = new Map<string, Set<string>>();
  for (const [tensor, part] of Object.entries(map)) {
    if (typeof part !== 'string' || part.includes('/')) {
      throw new MalformedJsonError(`${file.path} names no file for ${tensor}. Download it again.`);
    }
    parts.set(part, (parts.get(part) ?? new Set<string>()).add(tensor));
  }
  return parts;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
