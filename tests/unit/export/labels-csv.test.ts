import { expect, test } from 'vitest';
import { parseCsv } from '../../../src/dataset/csv.ts';
import { encodeLabelsCsv } from '../../../src/export/labels-csv.ts';

test('labels come back from their CSV as they were, formulas guarded in between', () => {
  const rows = [
    { path: 'a "b", c\n😀.wav', label: '007', speaker: 'anna', split: 'train' as const },
    { path: '=SUM(A1).wav', label: '-1', speaker: '@x', split: null },
    { path: 'b.wav', label: null, speaker: null, split: 'test' as const },
  ];
  const text = encodeLabelsCsv(rows.map((row) => ({ ...row, sizeBytes: 1, durationSec: null })));
  expect(text).toContain('"\'=SUM(A1).wav","\'-1","\'@x",');
  expect(parseCsv(text, 'labels.csv')!.rows).toEqual(rows);
});

test('corrected labels say what they were and when; the rest is read back as without them', () => {
  const rows = [
    { path: 'a.wav', label: 'glad', speaker: 'anna', split: null },
    { path: 'b.wav', label: null, speaker: 'bert', split: null },
    { path: 'c.wav', label: 'sad', speaker: 'anna', split: null },
  ];
  const corrected = new Map([
    ['a.wav', { original: 'sad', at: '2025-03-01T10:00:00.000Z' }],
    ['b.wav', { original: 'mad', at: null }],
  ]);
  const text = encodeLabelsCsv(
    rows.map((row) => ({ ...row, sizeBytes: 1, durationSec: null })),
    corrected,
  );
  expect(text.split('\n').slice(0, 4)).toEqual([
    'path,label,speaker,split,original_label,corrected_at',
    'a.wav,glad,anna,,sad,2025-03-01T10:00:00.000Z',
    'b.wav,,bert,,mad,',
    'c.wav,sad,anna,,,',
  ]);
  expect(parseCsv(text, 'labels.csv')!.rows).toEqual(rows);
});
