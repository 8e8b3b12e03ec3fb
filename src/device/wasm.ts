import * as tf from '@tensorflow/tfjs-core';
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { DeviceUnavailableError } from './errors.ts';

/** tfjs's wasm binary starts a pool of eight workers; more threads than that would wait for workers for ever. */
const maxThreads = 8;

/**
 * Makes wasm tfjs's backend, with one thread per core.
 * @returns the number of threads
 */
export async function openWasm(): Promise<number> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
  });
  const cores = navigator.hardwareConcurrency;
  setThreadsCount(Math.min(cores, maxThreads));
  const opened = await withReportedCores(2 * cores, () => tf.setBackend('wasm'));
  if (!opened)
    throw new DeviceUnavailableError(
      'WebAssembly could not be started in this browser. A current Chrome, Edge or Firefox is needed.',
    );
  const threads = getThreadsCount();
  return threads > 0 ? threads : 1;
}

/**
 * The binary takes at most half of the cores that the browser reports, so that on two cores it would run on one. It
 * asks once, while it starts: for that moment twice the number is reported.
 */
async function withReportedCores<T>(cores: number, start: () => Promise<T>): Promise<T> {
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores, configurable: true });
  try {
    return await start();
  } finally {
    Reflect.deleteProperty(navigator, 'hardwareConcurrency');
  }
}
