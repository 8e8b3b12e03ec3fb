import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** The rooms, each with those it may import from besides itself; docs/architecture.md draws them. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  audio: ['lib'],
  device: ['lib'],
  dataset: ['lib', 'audio'],
  encoder: ['lib', 'device', 'audio'],
  shards: ['lib'],
  export: ['lib', 'shards', 'dataset'],
  training: ['lib', 'device', 'dataset'],
  experiments: ['lib', 'audio', 'encoder', 'dataset', 'training'],
  engine: ['lib', 'audio', 'device', 'dataset', 'encoder', 'shards', 'export', 'training', 'experiments'],
};
/** The page takes values from the playground alone, and may read the types of any room. */
const PAGE = ['ui', 'playground.ts', 'main.ts'];

const sources = filesBelow('src').filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

/** Relative imports of a file; those that only name types vanish when it is built. */
function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  const imports: Import[] = [];
  for (const [, keyword, names, target] of text.matchAll(
    /(?:^|\n)(import|export)\s+([^'";]*?\bfrom\s+)?'(\.[^']+)'/g,
  )) {
    const clause = names ?? '';
    const braces = /^\{([^}]*)\}/.exec(clause.trim());
    const onlyTypes = braces?.[1]
      ?.split(',')
      .every((name) => name.trim() === '' || name.trim().startsWith('type '));
    const isType = clause.startsWith('type ') || onlyTypes === true;
    imports.push({ from: path, to: normalize(join(dirname(path), target!.split('?')[0]!)), isType });
    expect(keyword).toBeTruthy();
  }
  return imports;
}

const roomOf = (path: string): string => path.split('/')[1]!;

test('the imports are found', () => {
  expect(sources.flatMap(importsOf).length).toBeGreaterThan(sources.length);
});

test('imports point one way between the rooms', () => {
  const wrong = sources
    .flatMap(importsOf)
    .filter(({ from, to }) => {
      const [here, there] = [roomOf(from), roomOf(to)];
      return here !== there && !PAGE.includes(here) && !ROOMS[here]?.includes(there);
    })
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
});

test('the views take values from themselves and from nothing that computes', () => {
  const wrong = sources
    .filter((path) => roomOf(path) === 'ui')
    .flatMap(importsOf)
    .filter(({ to, isType }) => !isType && roomOf(to) !== 'ui' && roomOf(to) !== 'lib')
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
});

test('no file imports itself by a detour', () => {
  const edges = new Map(sources.map((path) => [path, importsOf(path).filter(({ isType }) => !isType)]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const { to } of edges.get(path) ?? []) visit(to, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of sources) visit(path, []);
  expect(cycles).toEqual([]);
});

test('no file is a drawer for everything', () => {
  const drawers = sources.filter((path) => /(^|\/)(utils?|helpers?|common|misc|index)\.ts$/.test(path));
  expect(drawers).toEqual([]);
});
