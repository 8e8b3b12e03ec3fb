import { execFileSync } from 'node:child_process';

/** Whether files can be checked by numpy itself here. */
export function hasNumpy(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
