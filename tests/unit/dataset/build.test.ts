import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildDataset, UnknownSchemeError } from '../../../src/dataset/build.ts';
import { parseCsv } from '../../../src/dataset/csv.ts';
import { compareCodePoints } from '../../../src/dataset/found-file.ts';
import { datasetId } from '../../../src/dataset/identity.ts';
import { recognise } from '../../../src/dataset/recognise.ts';

const clips = (...paths: string[]) => paths.map((path, index) => ({ path, sizeBytes: 1000 + index }));
const csv = (text: string) => [parseCsv(text, 'labels.csv')!];

test('labels come from the folders and speakers from the EMO-DB names within', () => {
  const built = buildDataset({
    name: 'emodb',
    clips: clips('Sad/03a04Tc.wav', 'Angry/08a04Wc.wav', 'Angry/16b10Wa.wav'),
  });
  expect(built.utterances.map(({ path, label, speaker }) => [path, label, speaker])).toEqual([
    ['Angry/08a04Wc.wav', 'Angry', '08'],
    ['Angry/16b10Wa.wav', 'Angry', '16'],
    ['Sad/03a04Tc.wav', 'Sad', '03'],
  ]);
  expect(built.scheme).toMatchObject({ id: 'folder', detected: true });
  expect(built.scheme.title).toContain('EMO-DB');
});

test('a CSV gives labels, speakers and splits; what it leaves open is filled from the file names', () => {
  const built = buildDataset({
    name: 'x',
    clips: clips('0_theo_1.wav', '1_anna_2.wav'),
    tables: csv('path,label,split\n0_theo_1.wav,007,train\n1_anna_2.wav,008,test\n'),
  });
  expect(built.scheme).toMatchObject({ id: 'csv', detected: true });
  expect(built.utterances.map(({ label, speaker, split }) => [label, speaker, split])).toEqual([
    ['007', 'theo', 'train'],
    ['008', 'anna', 'test'],
  ]);
});

test('the scheme can be changed, and labels can be given by a script', () => {
  const request = { name: 'x', clips: clips('a/0_theo_1.wav', 'b/1_anna_2.wav') };
  expect(buildDataset({ ...request, labels: 'fsdd-speakers' }).utterances.map(({ label }) => label)).toEqual([
    'theo',
    'anna',
  ]);
  expect(buildDataset({ ...request, labels: 'folder' }).scheme).toMatchObject({
    id: 'folder',
    detected: false,
  });
  expect(buildDataset({ ...request, labels: 'none' }).utterances.map(({ label }) => label)).toEqual([
    null,
    null,
  ]);
  const own = buildDataset({ ...request, labels: { 'b/1_anna_2.wav': 'mine' } });
  expect(own.utterances.map(({ label }) => label)).toEqual([null, 'mine']);
  expect(own.notices[0]).toMatch(/1 clip of 2 has no label/);
  expect(() => buildDataset({ ...request, labels: 'klingon' })).toThrow(UnknownSchemeError);
});

test('train, validation and test folders on the outside are the split', () => {
  const built = buildDataset({
    name: 'x',
    clips: clips('train/yes/a.wav', 'dev/yes/b.wav', 'test/no/c.wav'),
  });
  expect(built.utterances.map(({ path, label, split }) => [path, label, split])).toEqual([
    ['dev/yes/b.wav', 'yes', 'validation'],
    ['test/no/c.wav', 'no', 'test'],
    ['train/yes/a.wav', 'yes', 'train'],
  ]);
});

test('paths are ordered by code point, emoji after the private use area', () => {
  const text = fc
    .array(fc.constantFrom('a', 'é', '\uD7FF', '\uE000', '\uFFFD', '😀', '\u{10FFFF}'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [x, y] = [Array.from(a, (c) => c.codePointAt(0)!), Array.from(b, (c) => c.codePointAt(0)!)];
      const at = x.findIndex((code, i) => code !== y[i]);
      const expected = at === -1 ? x.length - y.length : (x[at] ?? -1) - (y[at] ?? -1);
      expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(expected));
    }),
  );
  expect(compareCodePoints('\uFFFD', '😀')).toBeLessThan(0);
});

test('the id depends on paths and sizes alone: not on order, labels or durations', async () => {
  const two = clips('a/x.wav', 'b/😀.wav');
  const id = await datasetId(two);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await datasetId(two.toReversed())).toBe(id);
  const built = buildDataset({
    name: 'x',
    clips: two.map((clip) => ({ ...clip, durationSec: 2 })),
    labels: 'folder',
  });
  expect(await datasetId(built.utterances)).toBe(id);
  expect(await datasetId(clips('a/x.wav', 'b/😁.wav'))).not.toBe(id);
  expect(await datasetId([two[0]!, { ...two[1]!, sizeBytes: 1 }])).not.toBe(id);
});

test('the same folder dropped again is recognised, a changed one is told in a sentence, another is new', async () => {
  const before = clips('a.wav', 'b.wav', 'c.wav', 'd.wav');
  const known = [{ id: await datasetId(before), name: 'corpus', clips: before }];
  expect(await recognise(known, before.toReversed())).toEqual({ kind: 'same', id: known[0]!.id });
  const after = [{ path: 'a.wav', sizeBytes: 5 }, ...before.slice(1, 3), { path: 'e.wav', sizeBytes: 5 }];
  const changed = await recognise(known, after);
  expect(changed).toMatchObject({
    kind: 'changed',
    id: known[0]!.id,
    change: { resized: ['a.wav'], missing: ['d.wav'], added: ['e.wav'] },
  });
  expect(changed.kind === 'changed' && changed.sentence).toBe(
    'Since “corpus” was opened, 1 clip has another size (a.wav), and 1 clip is gone (d.wav), and 1 clip is new (e.wav).',
  );
  expect((await recognise(known, clips('x.wav', 'y.wav'))).kind).toBe('new');
});

test('20,000 clips are labelled in one go, each as its row says', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => ({ path: `s${i % 50}/${i}.wav`, sizeBytes: i }));
  const table = csv(`path,label\n${many.map(({ path }, i) => `${path},c${i % 7}`).join('\n')}`);
  const built = buildDataset({ name: 'x', clips: many, tables: table });
  expect(built.utterances.every(({ label, sizeBytes }) => label === `c${sizeBytes % 7}`)).toBe(true);
});
