import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Plugin } from 'vite';
import { parseEncoderConfig } from '../../src/encoder/config.ts';
import { seededCheckpoint } from '../../src/encoder/seeded-weights.ts';

/** WavLM base: the defaults of the architecture. */
export const baseConfig = { model_type: 'wavlm' } as const;

/** A checkpoint of base width with seeded weights as `model.safetensors`, tensor by tensor: 378 MB in float32. */
async function* seededSafetensors(): AsyncGenerator<Uint8Array> {
  const { tensors } = seededCheckpoint(parseEncoderConfig(baseConfig), false, 1);
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const { name, shape, dtype } of tensors.values()) {
    const sizeBytes = 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype, shape, data_offsets: [offset, offset + sizeBytes] };
    offset += sizeBytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  yield length;
  yield json;
  for (const tensor of tensors.values()) {
    const values = await tensor.read();
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
}

/** Serves those weights at `/seeded-base/model.safetensors` of a preview server; nothing of them lies on the disk. */
export function serveSeededBase(): Plugin {
  return {
    name: 'seeded-base',
    configurePreviewServer({ middlewares }) {
      middlewares.use('/seeded-base/model.safetensors', (_request, response) => {
        response.setHeader('content-type', 'application/octet-stream');
        pipeline(Readable.from(seededSafetensors()), response).catch((error: unknown) =>
          response.destroy(error instanceof Error ? error : new Error(String(error))),
        );
      });
    },
  };
}
