// `npm run bench [-- NAME … option=value …]`: all benchmarks, or those named, one after the other, each with a table
// of figures and targets. Options go to every one that is run, so they are best given with a single name; what there
// is to set stands at the head of each file.
import { spawnSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const benchmarks = [
  'encode',
  'extraction',
  'training',
  'store',
  'export',
  'merge',
  'audio',
  'long',
  'intake',
  'map',
];

const given = process.argv.slice(2);
const asked = given.filter((argument) => !argument.includes('='));
const options = given.filter((argument) => argument.includes('='));
const unknown = asked.filter((name) => !benchmarks.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}; there are: ${benchmarks.join(', ')}.`);
  process.exit(2);
}
const load = (): string => loadavg()[0]?.toFixed(1) ?? '';
for (const name of asked.length > 0 ? asked : benchmarks) {
  console.log(`\n== ${name} (${availableParallelism()} cores, load ${load()} before it)`);
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', script, ...options], {
    stdio: 'inherit',
  });
  console.log(`   ${((performance.now() - start) / 1000).toFixed(0)} s, load ${load()} after it`);
  if (status !== 0) {
    console.error(`   ${name} failed.`);
    process.exitCode = 1;
  }
}
