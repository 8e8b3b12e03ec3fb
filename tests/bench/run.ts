// `npm run bench [NAME …]`: the benchmarks, or those named, one after the other; each prints its own figures.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const benchmarks = ['intake', 'audio', 'encode'];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !benchmarks.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}; there are: ${benchmarks.join(', ')}.`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : benchmarks) {
  console.log(`\n== ${name}`);
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync('npx', ['tsx', script], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
