/**
 * The record store in a real browser: how long a commit takes, and how long opening takes over 7,442 samples.
 * Run: `npm run bench -- store`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { BrowserGroup } from '../crash/browser-group.ts';
import { serveCrashPage } from '../crash/crash-page.ts';
import type {} from '../crash/page/bare-store-page.ts';
import { median } from './median.ts';
import { printFigures, type Figure } from './report.ts';

const profile = mkdtempSync(join(tmpdir(), 'store-bench-'));
const served = await serveCrashPage();
const group = await BrowserGroup.start({ profile });

async function open(name: string): Promise<{ page: Page; openMs: number; scanMs: number }> {
  const page = await group.context.newPage();
  await page.goto(served.url);
  const started = performance.now();
  const { recovery } = await page.evaluate((store) => window.bareStore.open({ name: store }), name);
  return { page, openMs: performance.now() - started, scanMs: recovery.scanMs };
}

try {
  const commits: Figure[] = [];
  for (const [megabytes, count] of [
    [0.004, 300],
    [0.4, 100],
    [4, 60],
    [40, 10],
  ] as const) {
    const { page } = await open(`commit ${megabytes}`);
    // The first one waits for the precautions after an unclean end.
    await page.evaluate(() => window.bareStore.fill('warm-up', 1, 10));
    const durations = await page.evaluate(
      ([records, sizeBytes]) => window.bareStore.fill('job', records, sizeBytes),
      [count, Math.round(megabytes * 1e6)] as const,
    );
    const sorted = durations.sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    commits.push(
      { what: `${megabytes} MB, median of ${count}`, value: at(0.5), unit: 'ms' },
      { what: `${megabytes} MB, 95th percentile`, value: at(0.95), unit: 'ms' },
    );
    await page.close();
  }
  printFigures('commit of one record', commits);
  const resumes: Figure[] = [];
  for (const [records, sizeBytes] of [
    [75, 409_600],
    [7442, 4096],
  ] as const) {
    const name = `scan ${records}`;
    const filled = await open(name);
    await filled.page.evaluate(([count, size]) => window.bareStore.fill('job', count, size), [
      records,
      sizeBytes,
    ] as const);
    await filled.page.close();
    const scans: number[] = [];
    const opens: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { page, openMs, scanMs } = await open(name);
      scans.push(scanMs);
      opens.push(openMs);
      await page.close();
    }
    resumes.push(
      { what: `scan of ${records} records`, value: median(scans), unit: 'ms', target: { atMost: 200 } },
      { what: `page and store open, ${records} records`, value: median(opens), unit: 'ms' },
    );
  }
  printFigures('resume over 7,442 samples', resumes);
} finally {
  await group.kill();
  await served.close();
  rmSync(profile, { recursive: true, force: true });
}
