import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the kernels in the source tree are what assembly/training.ts compiles to', () => {
  expect(() => execFileSync('node', ['tools/build-kernels.mjs', '--check'])).not.toThrow();
}, 30_000);
