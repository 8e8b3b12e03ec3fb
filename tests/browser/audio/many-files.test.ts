import { afterEach, describe, expect, test } from 'vitest';
import { DecodePool } from '../../../src/audio/pool.ts';
import { fixture } from './fixtures.ts';

/** Several times as many decoders as a browser has addresses for at once. */
const clips = 200;
const request = {
  versions: [0],
  augmentations: { versions: 0, seed: 1 },
  maxClipSec: 16,
  longClips: 'window',
} as const;

let pool: DecodePool;
afterEach(() => pool.dispose());

/** Makes what only an instance of WebAssembly needs: each reserves gigabytes of addresses. */
function takeAddresses(count: number): WebAssembly.Memory[] {
  return Array.from({ length: count }, () => new WebAssembly.Memory({ initial: 17, maximum: 65_536 }));
}

describe('a folder of compressed clips', () => {
  test.each(['stereo-22k-vbr.mp3', 'mono-44k.ogg', 'mono-16k.flac'])(
    'of %s is prepared to its end, and leaves addresses for everybody else',
    async (name) => {
      pool = new DecodePool({ workers: 2 });
      const file = await fixture(name);
      const samples: number[] = [];
      for (let at = 0; at < clips; at += 20) {
        const some = await Promise.all(
          Array.from({ length: 20 }, (_, k) => pool.prepare({ ...request, file, path: `${at + k} ${name}` })),
        );
        samples.push(...some.map((clip) => clip.examples[0]!.windows[0]!.length));
        expect(takeAddresses(8)).toHaveLength(8);
      }
      expect(new Set(samples).size).toBe(1);
    },
    120_000,
  );
});
