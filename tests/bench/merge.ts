// `npx tsx tests/bench/merge.ts [GB]`: merges shards that lie in a file, as they do in the store, and reports the rate
// and the highest memory. With a second argument the merged file is written there, for numpy to open.
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeEmbeddings } from '../../src/export/embeddings-npz.ts';
import type { ByteSource } from '../../src/lib/byte-source.ts';
import { encodeShard } from '../../src/shards/shard-rows.ts';

const sizeGb = Number(process.argv[2] ?? 3);
const target = process.argv[3];
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
console.log(
  JSON.stringify({
    shards: shardCount,
    examples: merged.examples,
    sizeGb: written / 1e9,
    asPlanned: written === merged.sizeBytes,
    planMs: Math.round(planned - start),
    mbPerSec: Math.round(written / 1e6 / seconds),
    memoryPlannedMb: Math.round(plannedRss / 1e6),
    memoryBeforeMb: Math.round(before / 1e6),
    memoryPeakMb: Math.round(peak / 1e6),
  }),
);
