import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { isolationHeaders } from '../../vite.config.ts';

export interface ServedPage {
  /** Stays the same for every browser that is started while it is served: the origin's storage hangs on it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the crash tests' page and serves it on a free port. */
export async function serveCrashPage(): Promise<ServedPage> {
  const root = fileURLToPath(new URL('./page', import.meta.url));
  const outDir = mkdtempSync(join(tmpdir(), 'crash-page-'));
  const shared = { configFile: false, root, logLevel: 'warn' } as const;
  await build({
    ...shared,
    base: './',
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      rollupOptions: { input: join(root, 'bare-store.html') },
    },
  });
  const server = await preview({
    ...shared,
    build: { outDir },
    preview: { port: 0, open: false, host: 'localhost', headers: isolationHeaders },
  });
  const base = server.resolvedUrls?.local[0];
  if (!base) throw new Error('The preview server gave no address.');
  return { url: `${base}bare-store.html`, close: () => server.close() };
}
