import Papa from 'papaparse';
import type { Utterance } from '../dataset/utterance.ts';

/**
 * The labels of the day as a CSV that can be edited and dropped again with the folder: `path,label,speaker,split`.
 * Cells that a spreadsheet would take for a formula get an apostrophe in front, which `parseCsv` takes off again.
 */
export function encodeLabelsCsv(utterances: readonly Utterance[]): string {
  const rows = utterances.map(({ path, label, speaker, split }) => [
    path,
    label ?? '',
    speaker ?? '',
    split ?? '',
  ]);
  return `${Papa.unparse({ fields: ['path', 'label', 'speaker', 'split'], data: rows }, { newline: '\n', escapeFormulae: true })}\n`;
}
