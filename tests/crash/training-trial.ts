import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Rng } from '../../src/lib/rng.ts';
import { Rng as Random } from '../../src/lib/rng.ts';
import { encodeNpz } from '../../src/shards/npz.ts';
import { decodeCheckpoint, stateDigest } from '../../src/training/checkpoint.ts';
import type { RetentionPolicy } from '../../src/training/retention.ts';
import { BrowserGroup } from './browser-group.ts';
import type { Ending } from './extraction-trial.ts';

export interface TrainingTrialOptions {
  readonly url: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly examples: number;
  readonly width: number;
  readonly hidden: number;
  readonly batchSize: number;
  readonly checkpointEverySteps: number;
}

export interface TrainingTrialReport {
  sessions: number;
  /** Sessions that ended inside an epoch, by the checkpoint that the next one found. */
  insideEpochs: number;
  /** Update of the newest checkpoint that the app said was committed. */
  acknowledgedStep: number;
  /** Sessions that found less than what was acknowledged. */
  lost: number;
  finalStep: number;
  readonly notices: Set<string>;
}

/**
 * The built app training on a profile that outlives the browser: sessions that end in the middle, the run resumed in
 * each, then the same run without an interruption up to the same update.
 */
export class TrainingTrial {
  readonly profile = mkdtempSync(join(tmpdir(), 'training-trial-'));
  readonly report: TrainingTrialReport = {
    sessions: 0,
    insideEpochs: 0,
    acknowledgedStep: 0,
    lost: 0,
    finalStep: 0,
    notices: new Set(),
  };
  readonly #options: TrainingTrialOptions;
  readonly #npz: string;

  constructor(options: TrainingTrialOptions) {
    this.#options = options;
    this.#npz = Buffer.from(cloudsNpz(options.examples, options.width)).toString('base64');
  }

  /** Goes on with the run for a while, then ends the session at a random moment. */
  async session(random: Rng, ending: Ending, longestMs: number): Promise<void> {
    const group = await BrowserGroup.start({ profile: this.profile });
    const page = await this.#open(group);
    const { id, step } = await this.#goOn(page);
    const newOne = this.#follow(page, id, step);
    // Mostly in the midst of commits; now and then before the first.
    if (random.nextInt(4) > 0) await newOne;
    else newOne.catch(() => undefined);
    await sleep(random.nextFloat() * longestMs);
    this.report.sessions += 1;
    if (ending === 'crash renderer') await page.goto('chrome://crash').catch(() => undefined);
    if (ending === 'close tab') await page.close();
    await group.kill();
  }

  /** SHA-256 of weights, optimizer state and history where the interrupted run stands, and of a straight run there. */
  async finish(): Promise<{ interrupted: string; straight: string }> {
    const group = await BrowserGroup.start({ profile: this.profile });
    const page = await this.#open(group);
    const { id } = await this.#goOn(page);
    const { epoch: stood } = await page.evaluate((run) => window.playground.run(run), id);
    await trainUntil(page, id, stood + 1);
    const interrupted = await epochDigest(page, id, null);
    const again = await this.#train(page, { kind: 'all' });
    await trainUntil(page, again, interrupted.epoch);
    const straight = await epochDigest(page, again, interrupted.epoch);
    this.report.finalStep = straight.step;
    await group.quit();
    return { interrupted: interrupted.digest, straight: straight.digest };
  }

  dispose(): void {
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #open(group: BrowserGroup): Promise<Page> {
    const page = await group.context.newPage();
    await page.exposeFunction('acknowledged', (step: string) => {
      this.report.acknowledgedStep = Math.max(this.report.acknowledgedStep, Number(step));
    });
    await page.goto(`${this.#options.url}?device=${this.#options.backend}`);
    await page.waitForFunction(() => 'playground' in window);
    const notices = await page.evaluate(async () => {
      const told: string[] = [];
      window.playground.subscribe((event) => {
        if (event.type === 'notice') told.push(event.text);
      });
      await window.playground.runs();
      return told;
    });
    for (const notice of notices) this.report.notices.add(notice.replaceAll(/\d[\d.]*/g, 'n'));
    return page;
  }

  /** The run of earlier sessions, resumed, and the update it stands at; a new one in the first. */
  async #goOn(page: Page): Promise<{ id: string; step: number }> {
    const [run] = await page.evaluate(() => window.playground.runs());
    if (!run) return { id: await this.#train(page), step: 0 };
    const last = await page.evaluate(
      async (id) => (await window.playground.checkpoints(id)).find(({ isLast }) => isLast) ?? null,
      run.id,
    );
    if ((last?.step ?? 0) < this.report.acknowledgedStep) this.report.lost += 1;
    if (last && !last.endsEpoch) this.report.insideEpochs += 1;
    await page.evaluate((id) => window.playground.resumeRun(id), run.id);
    return { id: run.id, step: last?.step ?? 0 };
  }

  async #train(page: Page, retention: RetentionPolicy = { kind: 'last', count: 3 }): Promise<string> {
    const { hidden, batchSize, checkpointEverySteps } = this.#options;
    return page.evaluate(
      async ({ npz, size, batch, every, kept }) => {
        const bytes = Uint8Array.from(atob(npz), (letter) => letter.charCodeAt(0));
        return window.playground.train({
          extraction: new File([bytes], 'clouds.npz'),
          head: { kind: 'mlp', hidden: [size], dropout: 0.2 },
          epochs: 5000,
          batchSize: batch,
          checkpointEverySteps: every,
          retention: kept,
        });
      },
      { npz: this.#npz, size: hidden, batch: batchSize, every: checkpointEverySteps, kept: retention },
    );
  }

  /** From now on the page tells every checkpoint that it sees committed; resolves with the first new one. */
  async #follow(page: Page, id: string, from: number): Promise<void> {
    await page.evaluate(
      async ({ run, step }) =>
        new Promise<void>((resolve) => {
          let asking = false;
          const acknowledge = async (): Promise<void> => {
            asking = true;
            const last = (await window.playground.checkpoints(run)).find(({ isLast }) => isLast);
            asking = false;
            if (!last) return;
            await window.acknowledged(String(last.step));
            if (last.step > step) resolve();
          };
          window.playground.subscribe((event) => {
            if (event.type === 'run' && !asking) void acknowledge();
          });
        }),
      { run: id, step: from },
    );
  }
}

/** Trains until so many epochs are done, or a few more, and pauses. */
async function trainUntil(page: Page, id: string, wanted: number): Promise<void> {
  await page.evaluate(
    async ({ run, epochs }) => {
      for (;;) {
        const { epoch, state, notice } = await window.playground.run(run);
        if (state === 'failed') throw new Error(notice ?? 'The run failed.');
        if (epoch >= epochs) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await window.playground.pauseRun(run);
    },
    { run: id, epochs: wanted },
  );
}

/** The state where an epoch ended; the newest such when null. */
export async function epochDigest(
  page: Page,
  id: string,
  wanted: number | null,
): Promise<{ digest: string; epoch: number; step: number }> {
  const file = await page.evaluate(
    async ({ run, epoch }) => {
      const ends = (await window.playground.checkpoints(run)).filter(({ endsEpoch }) => endsEpoch);
      const found = ends.findLast((one) => epoch === null || one.epoch === epoch);
      if (!found) throw new Error(`Epoch ${epoch} is not among ${ends.map(({ name }) => name).join(', ')}.`);
      const exported = await window.playground.exportCheckpoint(run, found.name);
      let text = '';
      for (const byte of new Uint8Array(await exported.arrayBuffer())) text += String.fromCharCode(byte);
      return btoa(text);
    },
    { run: id, epoch: wanted },
  );
  const checkpoint = decodeCheckpoint(new Uint8Array(Buffer.from(file, 'base64')));
  const { epoch, step } = checkpoint;
  return { digest: await stateDigest(checkpoint), epoch, step };
}

/** Two classes in noise, so that there is something to learn for long. */
export function cloudsNpz(count: number, width: number): Uint8Array {
  const random = Random.fromSeed(5, 'clouds');
  const data = Float32Array.from(
    { length: count * width },
    (_, i) => random.nextGaussian() + (Math.floor(i / width) % 2) * 0.2,
  );
  return encodeNpz({
    embeddings: { shape: [count, width], data },
    labels: { shape: [count], data: Array.from({ length: count }, (_, i) => `class ${i % 2}`) },
  });
}
