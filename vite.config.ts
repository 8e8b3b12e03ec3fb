import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

/** Threads and exact timers need cross-origin isolation: every response carries these two headers. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
} as const;

/** The page's policy, for workers too: they take theirs from the headers of their own script. */
function contentSecurityPolicy(): string {
  const page = readFileSync(new URL('./index.html', import.meta.url), 'utf8');
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page)?.[1];
  if (!policy) throw new Error('index.html has lost its Content-Security-Policy.');
  return policy;
}

/**
 * tfjs's threads are started from the source text of a function that reads `_scriptDir` of the scope around it. A
 * minifier renames that variable, and the threads die; made a variable of the function itself, it goes along.
 */
function selfContainedWasmThreads(): Plugin {
  const opening = 'function(WasmBackendModuleThreadedSimd) {';
  return {
    name: 'self-contained-wasm-threads',
    transform(code, id) {
      if (!id.includes('tfjs-backend-wasm-threaded-simd.js')) return null;
      if (!code.includes(opening)) throw new Error(`${id} is not of the form that its threads need.`);
      return { code: code.replace(opening, `${opening} var _scriptDir;`), map: null };
    },
  };
}

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 2000,
    sourcemap: true,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  plugins: [selfContainedWasmThreads()],
  worker: {
    format: 'es',
    plugins: () => [selfContainedWasmThreads()],
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: { headers: isolationHeaders },
  preview: {
    headers: { ...isolationHeaders, 'Content-Security-Policy': contentSecurityPolicy() },
    strictPort: false,
  },
});
