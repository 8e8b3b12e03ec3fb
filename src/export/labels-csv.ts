import Papa from 'papaparse';
import type { Utterance } from '../dataset/utterance.ts';

/** What a corrected clip was labelled before, and when it was last corrected (ISO 8601). */
export interface LabelBefore {
  readonly original: string | null;
  readonly at: string | null;
}

/**
 * The labels of the day as a CSV that can be edited and dropped again with the folder: `path,label,speaker,split`, and
 * `original_label,corrected_at` where some were corrected. Cells that a spreadsheet would take for a formula get an
 * apostrophe in front, which `parseCsv` takes off again.
 */
export function encodeLabelsCsv(
  utterances: readonly Utterance[],
  corrected: ReadonlyMap<string, LabelBefore> = new Map(),
): string {
  const hasCorrections = corrected.size > 0;
  const rows = utterances.map(({ path, label, speaker, split }) => {
    const before = corrected.get(path);
    return [
      path,
      label ?? '',
      speaker ?? '',
      split ?? '',
      ...(hasCorrections ? [before?.original ?? '', before?.at ?? ''] : []),
    ];
  });
  const fields = [
    'path',
    'label',
    'speaker',
    'split',
    ...(hasCorrections ? ['original_label', 'corrected_at'] : []),
  ];
  return `${Papa.unparse({ fields, data: rows }, { newline: '\n', escapeFormulae: true })}\n`;
}
