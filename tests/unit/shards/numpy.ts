import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Python that has numpy, or null; tests that need one are skipped with {@link NO_NUMPY}. */
export const pythonWithNumpy: string | null =
  ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0,
  ) ?? null;

export const NO_NUMPY = 'no Python with numpy here (Debian: apt-get install python3-numpy)';

/** Runs a script that finds the files under the names given in the folder it starts in; returns its output. */
export function runNumpy(files: Readonly<Record<string, Uint8Array>>, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'npz-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const { stdout, stderr, status } = spawnSync(
      pythonWithNumpy!,
      ['-c', `import json, numpy as np\n${script}`],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, PYTHONIOENCODING: 'utf-8' } },
    );
    if (status !== 0) throw new Error(stderr);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
