// `npm run bench -- audio [folder=FOLDER]`: × real time of decoding, resampling and augmenting on one thread, probing
// of 20,000 files, a 2-hour file, and, where a folder is given, all of its audio through the decode pool.
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toneWav } from '../unit/audio/wav-bytes.ts';
import { openBenchPage } from './bench-page.ts';
import { givenOptions, printFigures, type Figure } from './report.ts';

const PROBED_FILES = 20_000;
const LONG_SEC = 7200;

const folder = mkdtempSync(join(tmpdir(), 'audio-bench-'));
const many = join(folder, 'many');
const clip = toneWav(440, 16000, 4000);
for (let i = 0; i < PROBED_FILES; i += 1) {
  const inner = join(many, `speaker_${i % 40}`);
  if (i < 40) mkdirSync(inner, { recursive: true });
  writeFileSync(join(inner, `clip_${i}.wav`), clip);
}
// Two hours at 44.1 kHz as a sparse file: a header, and zeros that take no room on disk.
const long = join(folder, 'long');
mkdirSync(long);
const longFile = openSync(join(long, 'long.wav'), 'w');
const header = toneWav(440, 44100, 1).subarray(0, 44);
new DataView(header.buffer).setUint32(40, LONG_SEC * 44100 * 2, true);
writeSync(longFile, header);
ftruncateSync(longFile, 44 + LONG_SEC * 44100 * 2);
closeSync(longFile);

const { page, url, close } = await openBenchPage(['tests/bench/audio-page.ts']);
try {
  await page.goto(`${url}tests/bench/audio.html`);
  await page.waitForFunction('window.ready', undefined, { timeout: 60_000 });
  const run = async (title: string, name: string, directory?: string): Promise<void> => {
    if (directory !== undefined) await page.setInputFiles('input', directory);
    printFigures(title, await page.evaluate<Figure[]>(`window.benches.${name}()`));
  };
  await run('stages, of one thread', 'stages');
  await run('probing', 'probe', many);
  await run('a long file', 'long', long);
  const given = givenOptions().get('folder');
  if (given !== undefined) await run('a folder through the decode pool', 'folder', given);
} finally {
  await close();
  rmSync(folder, { recursive: true });
}
