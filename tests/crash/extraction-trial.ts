import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Rng } from '../../src/lib/rng.ts';
import { BrowserGroup } from './browser-group.ts';

declare global {
  interface Window {
    /** Told by the page, heard by the test. */
    acknowledged(name: string): Promise<void>;
  }
}

export type Ending = 'kill' | 'close tab' | 'crash renderer';

/** What a trial saw. */
export interface TrialReport {
  sessions: number;
  /** Shards that the app said were committed and that a later session did not have. */
  lost: string[];
  acknowledged: number;
  notices: Set<string>;
}

/**
 * The built app extracting its demo on a profile that outlives the browser: sessions that end in the middle, then one
 * that finishes, then the same extraction without an interruption.
 */
export class ExtractionTrial {
  readonly profile = mkdtempSync(join(tmpdir(), 'extraction-trial-'));
  readonly report: TrialReport = { sessions: 0, lost: [], acknowledged: 0, notices: new Set() };
  readonly #url: string;
  readonly #versions: number;
  readonly #acknowledged = new Set<string>();

  /** `versions` augmented copies per clip make the work longer. */
  constructor(url: string, versions: number) {
    this.#url = url;
    this.#versions = versions;
  }

  /** Goes on with the extraction for a while, then ends the session at a random moment. */
  async session(random: Rng, ending: Ending, longestMs: number): Promise<void> {
    const group = await BrowserGroup.start({ profile: this.profile });
    const page = await this.#open(group);
    const id = await this.#start(page);
    await this.#checkAcknowledged(page, id);
    // Mostly in the midst of commits; now and then before the first.
    if (random.nextInt(4) > 0) await this.#newAcknowledgement();
    await sleep(random.nextFloat() * longestMs);
    this.report.sessions += 1;
    if (ending === 'kill') {
      await group.kill();
      return;
    }
    if (ending === 'crash renderer') await page.goto('chrome://crash').catch(() => undefined);
    else await page.close();
    const again = await this.#open(group);
    await this.#checkAcknowledged(again, id);
    await group.kill();
  }

  /** Finishes what is left; SHA-256 of the merged file, and of the same extraction done again without a stop. */
  async finish(): Promise<{ interrupted: string; straight: string }> {
    const group = await BrowserGroup.start({ profile: this.profile });
    const page = await this.#open(group);
    const id = await this.#start(page);
    await this.#checkAcknowledged(page, id);
    const interrupted = await exportDigest(page, id);
    await page.evaluate((job) => window.playground.remove(job), id);
    const straight = await exportDigest(page, await this.#start(page));
    await group.quit();
    return { interrupted, straight };
  }

  dispose(): void {
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #open(group: BrowserGroup): Promise<Page> {
    const page = await group.context.newPage();
    await page.exposeFunction('acknowledged', (name: string) => this.#acknowledged.add(name));
    await page.goto(`${this.#url}?device=wasm`);
    await page.waitForFunction(() => 'playground' in window);
    const notices = await page.evaluate(async () => {
      const told: string[] = [];
      window.playground.subscribe((event) => {
        if (event.type === 'notice') told.push(event.text);
      });
      await window.playground.jobs();
      return told;
    });
    for (const notice of notices) this.report.notices.add(notice);
    return page;
  }

  async #start(page: Page): Promise<string> {
    return page.evaluate(async (versions) => {
      const { playground } = window;
      playground.subscribe((event) => {
        if (event.type !== 'job') return;
        for (const { name, state } of event.job.shards) if (state === 'done') void window.acknowledged(name);
      });
      const dataset = await playground.openDemo();
      const encoder = await playground.loadEncoder('wavlm-nano');
      return playground.extract({
        dataset: dataset.id,
        encoder: encoder.id,
        pooling: 'mean+std',
        augmentations: { versions, seed: 7, gainDb: { min: -6, max: 6 }, noiseSnrDb: { min: 10, max: 30 } },
        shardSize: 4,
      });
    }, this.#versions);
  }

  async #newAcknowledgement(): Promise<void> {
    const before = this.#acknowledged.size;
    const deadline = Date.now() + 30_000;
    while (this.#acknowledged.size === before && Date.now() < deadline) await sleep(10);
  }

  /** Everything that an earlier session was told is safe has to be there. */
  async #checkAcknowledged(page: Page, id: string): Promise<void> {
    const present = await page.evaluate(
      async (job) =>
        (await window.playground.job(job)).shards
          .filter(({ state }) => state === 'done')
          .map(({ name }) => name),
      id,
    );
    for (const name of this.#acknowledged) if (!present.includes(name)) this.report.lost.push(name);
    this.report.acknowledged = this.#acknowledged.size;
  }
}

async function exportDigest(page: Page, id: string): Promise<string> {
  return page.evaluate(async (job) => {
    const { state, failed } = await window.playground.finished(job);
    if (state !== 'finished' || failed > 0)
      throw new Error(`The extraction is ${state} with ${failed} failed clips.`);
    const file = await window.playground.exportEmbeddings(job);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }, id);
}
