import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { Rng } from '../../src/lib/rng.ts';
import { BrowserGroup } from './browser-group.ts';
import type {} from './page/bare-store-page.ts';
import { WorkloadModel } from './workload.ts';

/** Small segments, so that filling, claiming and emptying them is part of what is killed. */
const STORE = { fullBytes: 6 << 20, spareFiles: 4, lockWaitMs: 5000 };

export interface KillReport {
  sessions: number;
  /** Steps whose acknowledgement reached the outside. */
  acknowledged: number;
  /** Steps that the store had carried out when it was opened again, acknowledged or not. */
  carriedOut: number;
  /** Sessions that found a half-written tail. */
  tornTails: number;
  /** Sessions whose index had to be rebuilt. */
  rebuilt: number;
  /** Longest header scan, in ms. */
  longestScanMs: number;
  notices: Set<string>;
}

/** How a session ends. */
export type Ending = 'kill' | 'close tab' | 'crash renderer' | 'quit';

/** A profile, a page, and sessions on them that end badly; checks the store's contents after each. */
export class BareStoreTrial {
  readonly report: KillReport = {
    sessions: 0,
    acknowledged: 0,
    carriedOut: 0,
    tornTails: 0,
    rebuilt: 0,
    longestScanMs: 0,
    notices: new Set(),
  };
  readonly profile = mkdtempSync(join(tmpdir(), 'crash-profile-'));
  readonly #seed: number;
  readonly #url: string;
  readonly #args: readonly string[];
  readonly #rollsLogs: boolean;
  readonly #model: WorkloadModel;
  #acknowledged = 0;

  constructor(options: {
    readonly url: string;
    readonly seed: number;
    readonly args?: readonly string[];
    /** False leaves out the precaution against torn LevelDB logs: to see what it is good for. */
    readonly rollsLogs?: boolean;
  }) {
    this.#seed = options.seed;
    this.#url = options.url;
    this.#args = options.args ?? [];
    this.#rollsLogs = options.rollsLogs ?? true;
    this.#model = new WorkloadModel(options.seed);
  }

  start(): Promise<BrowserGroup> {
    return BrowserGroup.start({ profile: this.profile, args: this.#args });
  }

  /** Opens the store in a page of this browser and checks what it holds. */
  async openAndCheck(group: BrowserGroup): Promise<Page> {
    const page = await group.context.newPage();
    await page.exposeFunction('acknowledged', (step: number) => {
      this.#acknowledged = Math.max(this.#acknowledged, step + 1);
    });
    await page.goto(this.#url);
    const { writable, recovery } = await page.evaluate((store) => window.bareStore.open(store), {
      ...STORE,
      rollsLogs: this.#rollsLogs,
    });
    if (!writable) throw new Error('The store opened read-only.');
    await this.#check(page);
    this.report.sessions += 1;
    this.report.acknowledged = this.#acknowledged;
    this.report.carriedOut = this.#model.count;
    if (recovery.cutBytes > 0) this.report.tornTails += 1;
    if (recovery.rebuiltCatalog) this.report.rebuilt += 1;
    this.report.longestScanMs = Math.max(this.report.longestScanMs, recovery.scanMs);
    for (const notice of recovery.notices) this.report.notices.add(notice.replaceAll(/\d[\d.]*/g, 'n'));
    return page;
  }

  /** The contents are those after some number of steps, at least as many as were acknowledged. */
  async #check(page: Page): Promise<void> {
    const contents = await page.evaluate(() => window.bareStore.contents());
    while (this.#model.count < this.#acknowledged) this.#model.advance();
    // The kill may have come before an acknowledgement arrived here; only a handful are ever on the way.
    const expected = this.#model.contents();
    for (let ahead = 0; !this.#model.holds(contents); ahead += 1) {
      if (ahead === 200)
        throw new Error(
          `After ${this.#acknowledged} acknowledged steps the store holds ${JSON.stringify(contents)}, not ${JSON.stringify(expected)}.`,
        );
      this.#model.advance();
    }
    const wrong = await page.evaluate((seed) => window.bareStore.wrongRecords(seed), this.#seed);
    if (wrong.length > 0) throw new Error(`Wrong bytes in ${wrong.join(', ')}.`);
  }

  async startWriting(page: Page): Promise<void> {
    await page.evaluate(([seed, from]) => window.startWriting(seed, from), [
      this.#seed,
      this.#model.count,
    ] as const);
  }

  /** Writes for a while. @throws when the writing ended by itself. */
  async writeFor(page: Page, milliseconds: number): Promise<void> {
    await this.startWriting(page);
    await sleep(milliseconds);
    const error = await page.evaluate(() => window.writingError);
    if (error) throw new Error(`Writing ended with ${error.name}: ${error.message}`);
  }

  /** Writes until so many further steps are acknowledged. */
  async writeSteps(page: Page, steps: number): Promise<void> {
    const goal = this.#model.count + steps;
    await this.startWriting(page);
    while (this.#acknowledged < goal) {
      const error = await page.evaluate(() => window.writingError);
      if (error) throw new Error(`Writing ended with ${error.name}: ${error.message}`);
      await sleep(20);
    }
  }

  /** One session: start, check, write for a random time, end in this way. */
  async session(random: Rng, ending: Ending, longestMs: number): Promise<void> {
    const group = await this.start();
    try {
      const page = await this.openAndCheck(group);
      const before = this.#acknowledged;
      await this.startWriting(page);
      // Most ends shall come in the midst of writing, some while the store still prepares for it.
      if (random.nextInt(10) < 8)
        for (let waited = 0; this.#acknowledged === before && waited < 30_000; waited += 20) await sleep(20);
      await sleep(random.nextFloat() * longestMs);
      if (ending === 'close tab' || ending === 'crash renderer') {
        if (ending === 'close tab') await page.close();
        else {
          const crashed = page.waitForEvent('crash');
          page.goto('chrome://crash').catch(() => undefined);
          await crashed;
        }
        await this.writeFor(await this.openAndCheck(group), random.nextFloat() * longestMs);
      }
      if (ending === 'quit') await group.quit();
    } finally {
      await group.kill();
    }
  }

  dispose(): void {
    rmSync(this.profile, { recursive: true, force: true });
  }
}
