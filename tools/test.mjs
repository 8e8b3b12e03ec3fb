// `npm test`: installs what is missing, then types, lint, unit, browser and end-to-end tests, in this order.
import process from 'node:process';
import { installPackages, run } from './install.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
installPackages();
for (const args of [
  ['run', 'check'],
  ['run', 'test:unit'],
  ['run', 'test:browser'],
  ['run', 'test:e2e'],
])
  run('npm', args);
