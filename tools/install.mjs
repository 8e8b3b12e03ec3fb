import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Runs a command with its output shown; ends this process with its exit status when it fails. */
export function run(command, args, environment = {}) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs the packages of package-lock.json when they are missing or of another version of it. */
export function installPackages() {
  const installed = 'node_modules/.package-lock.json';
  if (existsSync(installed)) {
    const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
    const present = JSON.parse(readFileSync(installed, 'utf8')).packages;
    const missing = Object.entries(wanted).some(
      ([path, { version, optional }]) => path !== '' && !optional && present[path]?.version !== version,
    );
    if (!missing) return;
  }
  run(npm, ['ci', '--no-audit', '--no-fund']);
}
