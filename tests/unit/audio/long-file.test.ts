import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { prepareWindows } from '../../../src/audio/prepare.ts';
import { wavFile } from './wav-bytes.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A recording of hours that lies nowhere: its bytes are made as they are read. Counts the longest read. */
class VirtualRecording extends Blob {
  longestRead = 0;
  readonly #header: Uint8Array;
  readonly #sizeBytes: number;

  constructor(sampleRate: number, durationSec: number) {
    super();
    const dataBytes = durationSec * sampleRate;
    const whole = { sampleRate, bits: 8, tag: 7, declaredBytes: dataBytes };
    this.#header = wavFile(new Uint8Array(0), whole).subarray(0, 44);
    this.#sizeBytes = 44 + dataBytes;
  }

  override get size(): number {
    return this.#sizeBytes;
  }

  override slice(start = 0, end = this.#sizeBytes): Blob {
    const length = Math.max(0, Math.min(end, this.#sizeBytes) - start);
    this.longestRead = Math.max(this.longestRead, length);
    const bytes = new Uint8Array(length);
    // A µ-law byte that differs from one window to the next.
    bytes.fill(128 + (Math.floor(start / 65_536) % 64));
    for (let at = start; at < Math.min(44, end); at += 1) bytes[at - start] = this.#header[at] ?? 0;
    return { arrayBuffer: () => Promise.resolve(bytes.buffer) } as Blob;
  }
}

test.each([
  { sampleRate: 16_000, durationSec: 7200 },
  { sampleRate: 8000, durationSec: 480 },
])(
  '$durationSec seconds at $sampleRate Hz are decoded window by window in little memory, none of it missing',
  async ({ sampleRate, durationSec }) => {
    const file = new VirtualRecording(sampleRate, durationSec);
    collectGarbage();
    const before = memoryUsage().arrayBuffers;
    let highest = 0;
    let samples = 0;
    let windows = 0;
    const parts = prepareWindows({
      file,
      path: 'long.wav',
      versions: [0],
      augmentations: { versions: 0, seed: 1 },
      maxClipSec: 30,
      longClips: 'window',
    });
    for (;;) {
      const next = await parts.next();
      if (next.done === true) {
        expect(next.value.durationSec).toBe(durationSec);
        break;
      }
      windows += 1;
      samples += next.value.samples.length;
      expect(next.value.samples.length).toBeLessThan(31 * 16_000);
      if (windows % 5 !== 1) continue;
      collectGarbage();
      highest = Math.max(highest, memoryUsage().arrayBuffers - before);
    }
    expect(samples).toBe(durationSec * 16_000);
    expect(windows).toBe(durationSec / 30);
    // Decoded at once they would be 461 MB and 31 MB.
    expect(highest).toBeLessThan(48e6);
    expect(file.longestRead).toBeLessThanOrEqual(4 * 1024 * 1024);
  },
);
