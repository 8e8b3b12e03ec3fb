import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Resident bytes of a browser's processes. */
export interface BrowserMemory {
  /** The largest renderer: the page with its workers. */
  readonly rendererBytes: number;
  /** The browser's own process, which writes the page's files. */
  readonly browserBytes: number;
}

interface ProcessLine {
  readonly id: number;
  readonly parent: number;
  readonly command: string;
}

/** Null where the system has no `/proc`. */
export function browserMemory(profile: string): BrowserMemory | null {
  if (!existsSync('/proc/self/statm')) return null;
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => processOf(Number(entry)));
  const main = processes.find(
    ({ command }) => command.includes(`--user-data-dir=${profile}`) && !command.includes('--type='),
  );
  if (!main) return null;
  const family = new Set([main.id]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { id, parent } of processes) if (family.has(parent)) family.add(id);
  }
  const renderers = processes.filter(
    ({ id, command }) => family.has(id) && command.includes('--type=renderer'),
  );
  return {
    rendererBytes: Math.max(0, ...renderers.map(({ id }) => residentBytes(id))),
    browserBytes: residentBytes(main.id),
  };
}

function processOf(id: number): ProcessLine[] {
  try {
    // pid (name) state parent …; the name may hold blanks and brackets.
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return [{ id, parent, command: readFileSync(`/proc/${id}/cmdline`, 'utf8') }];
  } catch {
    return [];
  }
}

function residentBytes(id: number): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
