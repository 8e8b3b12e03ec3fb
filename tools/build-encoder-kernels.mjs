// Compiles assembly/encoder/ (AssemblyScript) into the two wasm binaries that are committed beside their callers: one with
// relaxed SIMD (fused multiply-add, twice as fast), one for engines without it. Run after a change there:
// `node tools/build-encoder-kernels.mjs [folder]`.
import process from 'node:process';
import asc from 'assemblyscript/asc';

const root = new URL('..', import.meta.url).pathname;
const target = process.argv[2] ?? `${root}src/encoder/kernels/wasm`;

/** The memory is tfjs's own heap: imported, shared, and free of anything of ours. */
const common = [
  'assembly/encoder/kernels.ts',
  '-O3',
  '--noAssert',
  '--disableWarning',
  '--runtime=stub',
  '--use=abort=',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  '--enable=threads',
  '--enable=simd',
  `--baseDir=${root}`,
];

/** @param {string} name @param {readonly string[]} extra */
async function compile(name, extra) {
  const { error } = await asc.main([...common, ...extra, '-o', `${target}/${name}`], {
    stderr: process.stderr,
  });
  if (error) throw new Error(`${name} does not compile.`, { cause: error });
}

await compile('kernels.wasm', []);
await compile('kernels-relaxed.wasm', ['--enable=relaxed-simd']);
