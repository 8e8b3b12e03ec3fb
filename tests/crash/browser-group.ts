import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { browserArguments, findBrowser } from '../../tools/browser.ts';

export interface BrowserGroupOptions {
  /** The profile's folder; it outlives the browser. */
  readonly profile: string;
  /** Further command-line arguments, e.g. `--enable-features=IdbSqliteBackingStore`. */
  readonly args?: readonly string[];
}

const START_LIMIT_MS = 60_000;
const DEATH_LIMIT_MS = 30_000;

/**
 * A real browser in a process group of its own, on a profile that persists: it can be killed as a whole, as the
 * kernel or a power button would, and started again on what it left.
 */
export class BrowserGroup {
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly #process: ChildProcess;
  readonly #profile: string;

  private constructor(process: ChildProcess, browser: Browser, profile: string) {
    this.#process = process;
    this.browser = browser;
    this.#profile = profile;
    const [context] = browser.contexts();
    if (!context) throw new Error('The browser has no context.');
    this.context = context;
  }

  static async start({ profile, args = [] }: BrowserGroupOptions): Promise<BrowserGroup> {
    clearLeftovers(profile);
    const child = spawn(
      await findBrowser(),
      [
        ...browserArguments,
        '--headless=new',
        '--password-store=basic',
        '--no-default-browser-check',
        `--user-data-dir=${profile}`,
        '--remote-debugging-port=0',
        ...args,
        'about:blank',
      ],
      { detached: true, stdio: 'ignore' },
    );
    const portFile = join(profile, 'DevToolsActivePort');
    const deadline = Date.now() + START_LIMIT_MS;
    let endpoint = '';
    while (endpoint === '') {
      if (child.exitCode !== null) throw new Error(`The browser ended at once with ${child.exitCode}.`);
      if (Date.now() > deadline) {
        await killGroup(child);
        throw new Error('The browser did not open its debugging port.');
      }
      await sleep(20);
      const lines = existsSync(portFile) ? readFileSync(portFile, 'utf8').split('\n') : [];
      if (lines.length >= 2) endpoint = `ws://127.0.0.1:${lines[0]}${lines[1]}`;
    }
    try {
      return new BrowserGroup(child, await chromium.connectOverCDP(endpoint), profile);
    } catch (error) {
      await killGroup(child);
      throw error;
    }
  }

  /** SIGKILLs every process of the browser and returns when none is left: a dying one can overlap the next. */
  async kill(): Promise<void> {
    await killGroup(this.#process);
    await this.browser.close().catch(() => undefined);
    clearLeftovers(this.#profile);
  }

  /** Asks the browser to quit in order, as closing its last window does. */
  async quit(): Promise<void> {
    const session = await this.browser.newBrowserCDPSession();
    await session.send('Browser.close').catch(() => undefined);
    await this.#ended();
    await this.browser.close().catch(() => undefined);
    clearLeftovers(this.#profile);
  }

  async #ended(): Promise<void> {
    const deadline = Date.now() + DEATH_LIMIT_MS;
    while (isGroupAlive(this.#process.pid)) {
      if (Date.now() > deadline) return killGroup(this.#process);
      await sleep(20);
    }
  }
}

async function killGroup(child: ChildProcess): Promise<void> {
  const deadline = Date.now() + DEATH_LIMIT_MS;
  while (isGroupAlive(child.pid)) {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
    if (Date.now() > deadline) throw new Error(`Processes of group ${child.pid} outlived SIGKILL.`);
    await sleep(10);
  }
}

/** Whether any process of the group still runs; zombies do not. */
function isGroupAlive(group: number | undefined): boolean {
  if (group === undefined) return false;
  if (!existsSync('/proc/self/stat')) {
    try {
      return process.kill(-group, 0);
    } catch {
      return false;
    }
  }
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      // pid (name) state parent group …; the name may hold blanks and brackets.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(pgrp) === group && state !== 'Z' && state !== 'X';
    } catch {
      return false;
    }
  });
}

function clearLeftovers(profile: string): void {
  for (const name of ['DevToolsActivePort', 'SingletonLock', 'SingletonCookie', 'SingletonSocket'])
    rmSync(join(profile, name), { force: true });
}
