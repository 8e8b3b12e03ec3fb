import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('the committed kernels are what assembly/encoder compiles to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
  try {
    execFileSync('node', ['tools/build-encoder-kernels.mjs', folder]);
    for (const name of ['kernels.wasm', 'kernels-relaxed.wasm'])
      expect(
        readFileSync(join(folder, name)).equals(readFileSync(`src/encoder/kernels/wasm/${name}`)),
        name,
      ).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
