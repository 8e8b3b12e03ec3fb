// `npm run bench -- merge [gb=3] [target=FILE]`: merges shards that lie in a file, in Node without a browser, and
// reports the rate and the highest memory. With a target the merged file is written there, for numpy to open.
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeEmbeddings } from '../../src/export/embeddings-npz.ts';
import type { ByteSource } from '../../src/lib/byte-source.ts';
import { encodeShard } from '../../src/shards/shard-rows.ts';
import { givenOptions, numberOption, printFigures } from './report.ts';

const options = givenOptions();
const sizeGb = numberOption(options, 'gb', 3);
const target = options.get('target');
const layers = 13;
const width = 768;
const shardSize = 100;
const shardCount = Math.ceil((sizeGb * 1e9) / (shardSize * layers * width * 4));

const folder = mkdtempSync(join(tmpdir(), 'merge-'));
const file = openSync(join(folder, 'segment'), 'w+');
let end = 0;
const sources = Array.from({ length: shardCount }, (_, shard): ByteSource => {
  const sampleIndex = Array.from({ length: shardSize }, (_, row) => shard * shardSize + row);
  const bytes = encodeShard({
    sampleIndex,
    paths: sampleIndex.map((index) => `speaker/session/clip_${index}.wav`),
    contentHashes: sampleIndex.map((index) => String(index).padStart(32, '0')),
    data: new Float32Array(shardSize * layers * width).fill(shard),
    frameCounts: null,
    layers,
    width,
  });
  const base = end;
  writeSync(file, bytes, 0, bytes.length, base);
  end += bytes.length;
  return {
    sizeBytes: bytes.length,
    read(from, to) {
      const part = new Uint8Array(to - from);
      readSync(file, part, 0, part.length, base + from);
      return Promise.resolve(part);
    },
  };
});
fsyncSync(file);

let peak = 0;
const watch = (): void => void (peak = Math.max(peak, process.memoryUsage.rss()));
const before = process.memoryUsage().rss;
const start = performance.now();
const merged = await mergeEmbeddings({
  shards: sources,
  labelsOf: () => ({ label: 'a', speaker: 'b', split: null }),
  metadata: { layers },
});
const planned = performance.now();
watch();
const plannedRss = peak;
const out = target === undefined ? null : openSync(target, 'w');
let written = 0;
for await (const chunk of merged.stream()) {
  if (out !== null) writeSync(out, chunk);
  written += chunk.length;
  watch();
}
const seconds = (performance.now() - planned) / 1000;
if (out !== null) closeSync(out);
closeSync(file);
rmSync(folder, { recursive: true });
if (written !== merged.sizeBytes)
  throw new Error(`${written} bytes were written instead of ${merged.sizeBytes}.`);
printFigures(
  `merge of ${(written / 1e9).toFixed(2)} GB, ${shardCount} shards, ${merged.examples} examples × ${layers} × ${width}`,
  [
    { what: 'planned', value: planned - start, unit: 'ms' },
    { what: 'merged', value: written / 1e6 / seconds, unit: 'MB/s' },
    {
      what: 'highest memory',
      value: peak / 1e6,
      unit: 'MB',
      target: { atMost: 300 },
      note: `resident; ${(before / 1e6).toFixed(0)} before, ${(plannedRss / 1e6).toFixed(0)} planned`,
    },
  ],
);
