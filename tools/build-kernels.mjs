// Compiles assembly/training.ts and writes it as base64 into src/training/compute/kernels-binary.ts, so that page,
// worker and Node load the same bytes without a request. `--check` only says whether that file is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import asc from 'assemblyscript/asc';

process.chdir(new URL('..', import.meta.url).pathname);
const target = 'src/training/compute/kernels-binary.ts';
const flags = '--runtime stub -O3 --noAssert --enable simd,threads --importMemory --sharedMemory';
let binary = null;
const { error } = await asc.main(
  [
    'assembly/training.ts',
    '--outFile',
    'training.wasm',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '32768',
    ...flags.split(' '),
  ],
  {
    readFile: (name) => {
      try {
        return readFileSync(name, 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name === 'training.wasm') binary = contents;
    },
    listFiles: () => [],
  },
);
if (error || !binary) {
  console.error(error);
  process.exit(1);
}
const text = `/** Compiled from assembly/training.ts by tools/build-kernels.mjs; do not edit. */
export const kernelsBase64 =
  '${Buffer.from(binary).toString('base64')}';
`;
if (process.argv.includes('--check')) {
  const current = readFileSync(target, 'utf8').includes(Buffer.from(binary).toString('base64'));
  if (!current)
    console.error(`${target} is not what assembly/training.ts compiles to: run node tools/build-kernels.mjs`);
  process.exit(current ? 0 : 1);
}
writeFileSync(target, text);
