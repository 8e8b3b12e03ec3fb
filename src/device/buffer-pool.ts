import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** tfjs's pool of GPU buffers, as far as it is touched here (its declaration marks these as private). */
interface BufferPool {
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
  numBytesUsed: number;
}

function poolOf(backend: WebGPUBackend): BufferPool {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the only way to what the declaration calls private
  return backend.bufferManager as unknown as BufferPool;
}

/** Bytes of GPU memory that wait for reuse. */
export function freeBytes(backend: WebGPUBackend): number {
  const pool = poolOf(backend);
  return pool.numBytesAllocated - pool.numBytesUsed;
}

/**
 * tfjs keeps every freed buffer for one of exactly the same size, for ever; with clips of many lengths the pool would
 * only grow. Frees waiting buffers, largest first, until no more than `limitBytes` wait.
 */
export function trimBufferPool(backend: WebGPUBackend, limitBytes: number): void {
  let excess = freeBytes(backend) - limitBytes;
  if (excess <= 0) return;
  const pool = poolOf(backend);
  const lists = [...pool.freeBuffers.values()]
    .filter((list) => list.length > 0)
    .sort((a, b) => (b[0]?.size ?? 0) - (a[0]?.size ?? 0));
  for (const list of lists)
    while (excess > 0) {
      const buffer = list.pop();
      if (!buffer) break;
      // A destroyed buffer that is still in a submitted command is freed by the browser after that command.
      pool.numFreeBuffers -= 1;
      pool.numBytesAllocated -= buffer.size;
      excess -= buffer.size;
      buffer.destroy();
    }
}
