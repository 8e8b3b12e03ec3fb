import { expect, test } from 'vitest';
import {
  formatAudioTotal,
  formatBytes,
  formatDuration,
  formatRemaining,
  formatShare,
} from '../../src/ui/format.ts';
import { errorTitle, exportName } from '../../src/ui/job-words.ts';
import { pythonSnippet } from '../../src/ui/python-snippet.ts';
import { hrefOf, parseRoute } from '../../src/ui/route.ts';
import { fakeJob } from '../ui/fakes/fake-data.ts';

test('bytes are decimal and never show a thousand of a unit', () => {
  expect([0, 999, 1000, 378e6, 999_950_000, 1.26e9].map(formatBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1 kB',
    '378 MB',
    '1 GB',
    '1.3 GB',
  ]);
});

test('a share is not said to be 100 % before it is', () => {
  expect(formatShare(0.999)).toBe('99%');
  expect(formatShare(1)).toBe('100%');
});

test('durations read as a person says them', () => {
  expect(formatDuration(3.24)).toBe('3.2 s');
  expect(formatDuration(125)).toBe('2 min 05 s');
  expect(formatDuration(7_200)).toBe('2 h 00 min');
  expect(formatRemaining(90)).toBe('2 min');
  expect(formatRemaining(3)).toBe('a few seconds');
  expect(formatAudioTotal(0.5)).toBe('30 min');
});

test('error classes become titles', () => {
  expect(errorTitle('EmptyAudioError')).toBe('Empty audio');
  expect(errorTitle('Error')).toBe('Other');
});

test('an address leads back to where it came from, whatever the id holds', () => {
  for (const id of ['abc', 'a/b c#d', 'é😀'])
    expect(parseRoute(hrefOf('extract', id))).toEqual({ room: 'extract', id, part: '' });
  expect(parseRoute('#/nowhere')).toEqual({ room: 'start', id: null, part: '' });
  expect(parseRoute('')).toEqual({ room: 'start', id: null, part: '' });
});

test('the Python lines name the arrays that the export holds', () => {
  const job = fakeJob(1);
  expect(exportName(job)).toBe('CREMA-D-wavlm-base-plus.npz');
  expect(pythonSnippet(job, 'x.npz')).toContain('X = data["embeddings"]  # [clips, D], float32');
  const frames = fakeJob(0.5, { settings: { ...job.settings, pooling: 'none', layers: [1, 2] } });
  expect(exportName(frames)).toBe('CREMA-D-wavlm-base-plus-partial.npz');
  expect(pythonSnippet(frames, 'x.npz')).toContain('# [frames, layers, D], [clips + 1]');
});
