import { chromium, type Browser, type Page } from 'playwright-core';
import { preview, type Plugin, type PreviewServer } from 'vite';
import { browserArguments, findBrowser } from '../../tools/browser.ts';

/** The built app, served and opened in a real browser. */
export interface BuiltPage {
  readonly browser: Browser;
  readonly page: Page;
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `dist/` on a free port, and what the plugins add to it. */
export async function serveBuild(plugins: Plugin[] = []): Promise<{ url: string; server: PreviewServer }> {
  const server = await preview({ preview: { port: 0, open: false }, logLevel: 'warn', plugins });
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error('The preview server gave no address.');
  return { url, server };
}

/**
 * Serves `dist/`, starts the browser and opens the page (`query` such as `?device=wasm`).
 * @param moreArguments flags of Chromium beside those of every test
 * @param plugins what the server does beside serving the build
 */
export async function openBuiltPage(
  query = '',
  moreArguments: readonly string[] = [],
  plugins: Plugin[] = [],
): Promise<BuiltPage> {
  const { url, server } = await serveBuild(plugins);
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: [...browserArguments, ...moreArguments],
  });
  const page = await browser.newPage();
  await page.goto(url + query);
  return {
    browser,
    page,
    url,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}
