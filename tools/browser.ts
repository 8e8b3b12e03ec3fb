import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/** Chromium's flags for tests: a software WebGPU adapter, and no traffic of the browser's own. */
export const browserArguments: string[] = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

const installedBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Where a Chrome or Chromium that can be started lies, or null. `CHROME_PATH` wins. */
function installedBrowser(): string | null {
  const chosen = process.env['CHROME_PATH'];
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROME_PATH names ${chosen}, which does not exist.`);
    return chosen;
  }
  return installedBrowsers.find((path) => existsSync(path)) ?? null;
}

/** Runs one installation command; true when it ended well. */
function attempt(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'inherit' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The browser that tests and benchmarks drive: `CHROME_PATH`, an installed Chrome or Chromium, Playwright's own
 * download, or, on Debian or Ubuntu as root, the distribution's package.
 * @throws Error with one line that says what to install when none of these gives a browser.
 */
export async function findBrowser(): Promise<string> {
  const installed = installedBrowser();
  if (installed) return installed;
  const { chromium } = await import('playwright-core');
  const downloaded = (): string | null =>
    existsSync(chromium.executablePath()) ? chromium.executablePath() : null;
  const ready = downloaded();
  if (ready) return ready;
  if (attempt('npx', ['playwright-core', 'install', 'chromium-headless-shell', 'chromium'])) {
    const fetched = downloaded();
    if (fetched) return fetched;
  }
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync('/etc/debian_version')) {
    if (attempt('apt-get', ['update']) && attempt('apt-get', ['install', '-y', 'chromium'])) {
      const packaged = installedBrowser();
      if (packaged) return packaged;
    }
  }
  throw new Error('No browser for the tests: install Chrome or Chromium, or set CHROME_PATH to one.');
}
