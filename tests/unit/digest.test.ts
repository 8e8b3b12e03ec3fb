import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sha256Stream, sha256Text, xxh128Stream } from '../../src/lib/digest.ts';

afterEach(() => void vi.restoreAllMocks());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('digests', () => {
  test('a thousand one after the other take no instance each: an instance reserves gigabytes of addresses', async () => {
    await sha256Text('');
    (await xxh128Stream()).hex();
    const instantiate = vi.spyOn(WebAssembly, 'instantiate');
    for (let count = 0; count < 500; count += 1) {
      await sha256Text(`${count}`);
      const digest = await xxh128Stream();
      digest.update(Uint8Array.of(count));
      digest.hex();
    }
    expect(instantiate).toHaveBeenCalledTimes(0);
  });

  test('streams fed in turns and taken again each give the digest of their own bytes', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 5 }), async (streams) => {
        const digests = await Promise.all(streams.map(() => sha256Stream()));
        for (let round = 0; round < 6; round += 1)
          streams.forEach((stream, place) => {
            const piece = stream[round];
            if (piece) digests[place]!.update(piece);
          });
        expect(digests.map((digest) => digest.hex())).toEqual(
          streams.map((stream) => sha256(Buffer.concat(stream))),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('one that has ended takes no more bytes, for its hasher may be at work for another', async () => {
    const ended = await xxh128Stream();
    ended.hex();
    const next = await xxh128Stream();
    expect(() => ended.update(Uint8Array.of(1))).toThrow('ended');
    expect(() => ended.hex()).toThrow('ended');
    expect(next.hex()).toBe('99aa06d3014798d86001c324468d497f');
  });
});
