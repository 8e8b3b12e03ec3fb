import { expect, test } from 'vitest';
import { groupReader, groupingChoices, type Grouping } from '../../../src/dataset/grouping.ts';

const clip = (path: string, label: string | null = null, speaker: string | null = null, columns = {}) => ({
  path,
  label,
  speaker,
  columns,
});

test.each<[Grouping, string | null]>([
  ['speaker', 'anna'],
  ['label', 'sad'],
  ['folder', 'day 1/room 2'],
  [{ column: 'session' }, 's3'],
  [{ column: 'absent' }, null],
  [{ namePart: 1 }, 'anna'],
  [{ namePart: 3 }, '07'],
  [{ namePart: 4 }, null],
  [{ pattern: '_(sad|glad)-' }, 'sad'],
  [{ pattern: 'room \\d' }, 'room 2'],
  [{ pattern: 'kitchen' }, null],
])('by %j the clip belongs to %j', (grouping, group) => {
  const read = groupReader(grouping);
  expect(read(clip('day 1/room 2/anna_sad-07.wav', 'sad', 'anna', { session: 's3' }))).toBe(group);
});

test('a pattern that is none is told in a sentence', () => {
  expect(() => groupReader({ pattern: '(' })).toThrow('“(” is no regular expression');
});

const digits = [0, 1, 2].flatMap((digit) =>
  ['anna', 'ben'].flatMap((speaker) =>
    [0, 1, 2].map((take) =>
      clip(`fsdd/${digit}_${speaker}_${take}.wav`, String(digit), speaker, { age: speaker }),
    ),
  ),
);

test('what divides the clips in another way than the class is offered, each division once', () => {
  const byLabel = groupingChoices(digits, ({ label }) => label);
  expect(byLabel.map(({ grouping, groups }) => [grouping, groups])).toEqual([
    ['speaker', 2],
    [{ namePart: 3 }, 3],
  ]);
  const bySpeaker = groupingChoices(digits, ({ speaker }) => speaker);
  expect(bySpeaker.map(({ grouping }) => grouping)).toEqual(['label', { namePart: 3 }]);
  expect(bySpeaker[0]).toMatchObject({ title: 'label', groups: 3, examples: ['0', '1', '2'] });
});

test('a column of the CSV and the folder are offered where they divide; one group, or one a clip, is none', () => {
  const clips = [0, 1, 2, 3].map((i) =>
    clip(`room ${i % 2}/x${i}.wav`, i < 2 ? 'a' : 'b', null, {
      session: `s${Math.floor(i / 2)}`,
      one: 'same',
    }),
  );
  const crossed = clips.map((one, i) => ({ ...one, label: ['a', 'b', 'b', 'a'][i]! }));
  expect(groupingChoices(crossed, ({ label }) => label).map(({ grouping }) => grouping)).toEqual([
    { column: 'session' },
    'folder',
  ]);
  expect(groupingChoices([], ({ label }) => label)).toEqual([]);
});
