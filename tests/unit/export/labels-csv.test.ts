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
