import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlaygroundError } from '../../src/lib/errors.ts';
import { openCheckpoint } from '../../src/encoder/checkpoint/open.ts';
import { checkpointFile, fixtureBytes, fixtureFolder } from './checkpoint-files.ts';

/** Larger than any tensor or header of the fixtures. */
const MAX_READ_BYTES = 64 * 1024;

interface Damage {
  /** Where, as a fraction; headers are at the start and directories at the end, so both are hit often. */
  readonly at: number;
  readonly value: number;
}

const damage: fc.Arbitrary<Damage[]> = fc.array(
  fc.record({
    at: fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.02, noNaN: true }),
      fc.double({ min: 0.8, max: 1, noNaN: true }),
    ),
    value: fc.oneof(fc.constantFrom(0, 255, 0x2e, 0x50, 0x7b, 0x22), fc.integer({ min: 0, max: 255 })),
  }),
  { minLength: 1, maxLength: 6 },
);

test.each(['float32.safetensors', 'zip.bin', 'legacy-views.bin', 'unilm.pt'])(
  '%s with any bytes changed or cut off opens, or is refused by name, and never asks for more than it has',
  async (name) => {
    const original = await fixtureBytes(name);
    await fc.assert(
      fc.asyncProperty(
        damage,
        fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
        async (edits, kept) => {
          const bytes = original.slice(0, Math.ceil(original.length * kept));
          for (const { at, value } of edits) bytes[Math.floor(at * (bytes.length - 1))] = value;
          class WatchedBlob extends Blob {
            override slice(start = 0, end = this.size): Blob {
              expect(start).toBeLessThanOrEqual(end);
              expect(end).toBeLessThanOrEqual(this.size);
              expect(end - start).toBeLessThanOrEqual(MAX_READ_BYTES);
              return super.slice(start, end);
            }
          }
          const file = { path: `model-${name}`, blob: new WatchedBlob([bytes]) };
          try {
            const checkpoint = await openCheckpoint(await fixtureFolder(file));
            for (const entry of checkpoint.tensors.values()) {
              const values = await entry.read();
              expect(values).toHaveLength(entry.shape.reduce((product, size) => product * size, 1));
            }
          } catch (error) {
            expect(error).toBeInstanceOf(PlaygroundError);
          }
        },
      ),
      { numRuns: 150 },
    );
  },
);

test('whatever JSON a safetensors header holds, it is read or refused by name', async () => {
  const entry = fc.record(
    {
      dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'I64', 'F64'), fc.string()),
      shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 5 })), fc.anything()),
      data_offsets: fc.oneof(fc.array(fc.integer({ min: -1, max: 80 }), { maxLength: 3 }), fc.anything()),
    },
    { requiredKeys: [] },
  );
  const header = fc.oneof(fc.dictionary(fc.string(), entry), fc.anything());
  await fc.assert(
    fc.asyncProperty(header, async (value) => {
      const json = new TextEncoder().encode(
        JSON.stringify(value, (_key, child: unknown) => (typeof child === 'bigint' ? null : child)) ?? '{',
      );
      const bytes = new Uint8Array(8 + json.length + 64);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
      bytes.set(json, 8);
      await expect(
        openCheckpoint(await fixtureFolder(checkpointFile('model.safetensors', bytes))),
      ).rejects.toBeInstanceOf(PlaygroundError);
    }),
    { numRuns: 300 },
  );
});
