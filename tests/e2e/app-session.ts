import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { browserArguments, findBrowser } from '../../tools/browser.ts';
import type { ExtractRequest, JobStatus } from '../../src/engine/protocol.ts';
import { serveBuild } from './built-page.ts';

const PYTHON = '/usr/bin/python3';

/** The built page in a real browser with a profile on disk: pages can be closed and opened again on what was stored. */
export class AppSession {
  readonly context: BrowserContext;
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(context: BrowserContext, url: string, close: () => Promise<void>) {
    this.context = context;
    this.url = url;
    this.#close = close;
  }

  /** `prepareProfile` may write into the empty profile before the browser starts. */
  static async start(prepareProfile?: (profile: string) => void): Promise<AppSession> {
    const { url, server } = await serveBuild();
    const profile = await mkdtemp(join(tmpdir(), 'profile-'));
    prepareProfile?.(profile);
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: await findBrowser(),
      args: browserArguments,
      acceptDownloads: true,
    });
    context.setDefaultTimeout(60_000);
    return new AppSession(context, url, async () => {
      await context.close();
      await server.close();
    });
  }

  /** A new tab with the app; resolves when the scripting API is there. */
  async open(query = ''): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(this.url + query);
    await page.waitForFunction(() => 'playground' in window);
    return page;
  }

  /** A page of the same origin in which the app does not run. */
  async blank(): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(`${this.url}favicon.svg`);
    return page;
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** Picks a folder through the page's own input and waits until every header was read. */
export async function pickFolder(page: Page, folder: string): Promise<string> {
  const opened = page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const seen = new Set<string>();
        const end = window.playground.subscribe((event) => {
          // The first word of a dataset comes from names alone, the second with what the headers say.
          if (event.type !== 'dataset' || !event.dataset.filesAvailable) return;
          if (seen.has(event.dataset.id)) {
            end();
            resolve(event.dataset.id);
          }
          seen.add(event.dataset.id);
        });
      }),
  );
  await page.getByTestId('folder-input').setInputFiles(folder);
  return opened;
}

/** Starts an extraction with the built-in encoder. */
export async function extract(
  page: Page,
  dataset: string,
  options: Omit<ExtractRequest, 'dataset' | 'encoder'> = {},
): Promise<string> {
  return page.evaluate(
    async ([id, rest]) => {
      const encoder = await window.playground.loadEncoder('wavlm-nano');
      return window.playground.extract({ dataset: id, encoder: encoder.id, ...rest });
    },
    [dataset, options] as const,
  );
}

/** How an extraction stands. */
export function job(page: Page, id: string): Promise<JobStatus> {
  return page.evaluate((each) => window.playground.job(each), id);
}

/**
 * Waits until an extraction has ended (finished, stopped or failed), or has come to `state`.
 * @throws Error that says how it stands when it does not
 */
export function finished(
  page: Page,
  id: string,
  state: JobStatus['state'] = 'finished',
  waitSec = 150,
): Promise<JobStatus> {
  return page.evaluate(
    async ([each, wanted, seconds]) => {
      const lastMs = performance.now() + seconds * 1000;
      for (;;) {
        const now = await window.playground.job(each);
        if ([wanted, 'finished', 'stopped', 'failed'].includes(now.state)) return now;
        if (performance.now() > lastMs) throw new Error(`It did not end: ${JSON.stringify(now)}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
    [id, state, waitSec] as const,
  );
}

/** Pauses (or stops) as soon as so many shards are committed; gives how it stands then. */
export function pauseAfter(
  page: Page,
  id: string,
  shards: number,
  end: 'pause' | 'stop' = 'pause',
): Promise<JobStatus> {
  return page.evaluate(
    async ([each, wanted, method]) => {
      for (;;) {
        const now = await window.playground.job(each);
        const committed = now.shards.filter(({ state }) => state === 'done' || state === 'verified').length;
        if (committed >= wanted || now.state === 'failed') return window.playground[method](each);
      }
    },
    [id, shards, end] as const,
  );
}

/** Calls a method of the scripting API and gives the error it throws. */
export async function refusal(
  page: Page,
  method: 'extract' | 'pause' | 'resume' | 'stop' | 'remove' | 'compact' | 'repair' | 'exportEmbeddings',
  argument: string | ExtractRequest,
): Promise<{ name: string; message: string }> {
  return page.evaluate(
    async ([name, value]) => {
      const call = window.playground[name] as (each: unknown) => Promise<unknown>;
      try {
        await call(value);
      } catch (error) {
        if (error instanceof Error) return { name: error.name, message: error.message };
      }
      return { name: 'none', message: `${name} was carried out` };
    },
    [method, argument] as const,
  );
}

/** Exports through the scripting API and saves the file by a download, as a person would. */
export async function saveExport(page: Page, id: string): Promise<string> {
  const download = page.waitForEvent('download');
  await page.evaluate(async (each) => {
    const file = await window.playground.exportEmbeddings(each, { format: 'npz' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    link.click();
  }, id);
  const path = join(await mkdtemp(join(tmpdir(), 'export-')), 'embeddings.npz');
  await (await download).saveAs(path);
  return path;
}

/** What numpy says of an exported file: `expression` over `f`; null where there is no numpy. */
export function numpy(path: string, expression: string): unknown {
  if (!existsSync(PYTHON)) return null;
  const script = `import sys, json, numpy as np\nf = np.load(sys.argv[1], allow_pickle=False)\nprint(json.dumps(${expression}))`;
  return JSON.parse(execFileSync(PYTHON, ['-c', script, path], { encoding: 'utf8' }));
}
