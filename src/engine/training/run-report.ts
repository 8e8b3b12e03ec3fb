import type { EpochRecord } from '../../training/checkpoint.ts';
import type { EvaluationResult } from '../training-protocol.ts';

/** The epochs of a run as a CSV. */
export function historyCsv(history: readonly EpochRecord[]): string {
  const header =
    'epoch,step,learning_rate,train_loss,train_accuracy,val_loss,val_accuracy,val_uar,val_macro_f1,val_eer';
  const rows = history.map(({ epoch, step, learningRate, trainLoss, trainAccuracy, validation }) =>
    [
      epoch + 1,
      step,
      learningRate,
      trainLoss,
      trainAccuracy,
      validation?.loss,
      validation?.accuracy,
      validation?.uar,
      validation?.macroF1,
      validation?.eer,
    ]
      .map((value) => value ?? '')
      .join(','),
  );
  return `${[header, ...rows].join('\n')}\n`;
}

/** The report in scikit-learn's form. */
export function classificationReport({ classes, perClass, summary, count }: EvaluationResult): string {
  const width = Math.max(12, ...classes.map(({ length }) => length));
  const line = (name: string, values: readonly (number | string)[]): string =>
    name.padStart(width) +
    values.map((value) => (typeof value === 'number' ? value.toFixed(4) : value).padStart(11)).join('');
  const mean = (of: (row: (typeof perClass)[number]) => number, weighted: boolean): number => {
    const total = weighted ? Math.max(1, count) : Math.max(1, perClass.length);
    return perClass.reduce((sum, row) => sum + of(row) * (weighted ? row.support : 1), 0) / total;
  };
  const average = (name: string, weighted: boolean): string =>
    line(name, [
      mean(({ precision }) => precision, weighted),
      mean(({ recall }) => recall, weighted),
      mean(({ f1 }) => f1, weighted),
      String(count),
    ]);
  return `${[
    line('', ['precision', 'recall', 'f1-score', 'support']),
    '',
    ...classes.map((name, c) => {
      const { precision, recall, f1, support } = perClass[c]!;
      return line(name, [precision, recall, f1, String(support)]);
    }),
    '',
    line('accuracy', ['', '', summary.accuracy, String(count)]),
    average('macro avg', false),
    average('weighted avg', true),
    '',
    `UAR ${summary.uar.toFixed(4)}   EER ${summary.eer === null ? 'none' : summary.eer.toFixed(4)}   loss ${summary.loss.toFixed(4)}`,
  ].join('\n')}\n`;
}
