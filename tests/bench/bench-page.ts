import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { createServer } from 'vite';
import { browserArguments, findBrowser } from '../../tools/browser.ts';

export interface BenchPage {
  readonly page: Page;
  /** Address of the server's root. */
  readonly url: string;
  /** Folder of the browser's profile. */
  readonly profile: string;
  readonly close: () => Promise<void>;
}

/**
 * Serves the source and opens a page on a profile that lies on the disk, as a person's does: in a private window the
 * page's files would be in memory.
 * @param entries The worker or page scripts; their packages are made ready before the page asks for them.
 */
export async function openBenchPage(entries: readonly string[]): Promise<BenchPage> {
  const server = await createServer({
    server: { port: 0, hmr: false },
    optimizeDeps: {
      entries: [...entries],
      include: [
        '@tensorflow/tfjs-core',
        '@tensorflow/tfjs-backend-wasm',
        '@tensorflow/tfjs-backend-webgpu',
        'comlink',
        'hash-wasm',
        'idb',
        'umap-js',
      ],
    },
    logLevel: 'error',
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error('The server gave no address.');
  const { page, profile, close } = await openProfile();
  return {
    page,
    profile,
    url,
    close: async () => {
      await close();
      await server.close();
    },
  };
}

/** A browser on a fresh profile, which `close` deletes. */
export async function openProfile(): Promise<Omit<BenchPage, 'url'>> {
  const profile = mkdtempSync(join(tmpdir(), 'bench-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await findBrowser(),
    args: [...browserArguments, '--enable-precise-memory-info'],
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(error));
  return {
    page,
    profile,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Whether the browser's WebGPU adapter is a graphics card; false for a software adapter or none. */
export function hasHardwareAdapter(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    return (
      adapter != null &&
      !adapter.info.isFallbackAdapter &&
      !/swiftshader|llvmpipe/i.test(adapter.info.architecture + adapter.info.description)
    );
  });
}
