import { makeZip } from 'client-zip';
import { piecesOf, writeExport } from '../export-file.ts';
import { exportCheckpoint } from './run-checkpoints.ts';
import { confusionPng, historyPng } from './run-figures.ts';
import type { RunJob } from './run-job.ts';
import { PARTS } from './run-record.ts';
import { classificationReport, historyCsv } from './run-report.ts';
import { scoreScript } from './score-script.ts';
import type { EvaluationResult, RunStatus } from '../training-protocol.ts';
import { chosenCheckpoint, type TrainingJudge } from './training-judge.ts';

/**
 * A run as one zip: settings and split, results on every part, history, report, pictures, the best, last and pinned
 * checkpoints, and a Python file that scores an `.npz` with them.
 */
export async function exportRun(job: RunJob, status: RunStatus, judge: TrainingJudge): Promise<File> {
  const { spec } = job;
  const results: EvaluationResult[] = [];
  for (const part of ['validation', 'test'] as const)
    if (spec.parts.includes(PARTS.indexOf(part) as 1 | 2))
      results.push(await judge.evaluate(job, { split: part }));
  const judged = results.at(-1);
  const files: { name: string; input: string | Blob }[] = [
    { name: 'config.json', input: json(configOf(job, status)) },
    {
      name: 'results.json',
      input: json({
        state: status.state,
        epochs: status.epoch,
        best: status.best,
        notices: status.notices,
        checkpoint: chosenCheckpoint(job).key,
        parts: Object.fromEntries(
          results.map(
            ({ part, count, summary, perClass, classes, confusion, eerDefinition, pooled, examples }) => [
              part,
              {
                count,
                ...summary,
                eerDefinition,
                eerThreshold: pooled?.threshold ?? null,
                eerTrials: pooled && { targets: pooled.targets, nonTargets: pooled.nonTargets },
                classes: Object.fromEntries(classes.map((name, c) => [name, perClass[c]])),
                confusion,
                predictions: examples.map(({ path, truth, prediction, confidence }) => ({
                  path,
                  truth: classes[truth],
                  prediction: classes[prediction],
                  confidence,
                })),
              },
            ],
          ),
        ),
      }),
    },
    { name: 'training_history.csv', input: historyCsv(status.history) },
    { name: 'training_history.png', input: await historyPng(status.history) },
    { name: 'score.py', input: scoreScript },
  ];
  if (judged) {
    files.push({
      name: 'classification_report.txt',
      input: `${judged.part}\n${classificationReport(judged)}`,
    });
    files.push({ name: 'confusion_matrix.png', input: await confusionPng(judged.classes, judged.confusion) });
  }
  const keys = new Set([chosenCheckpoint(job).key, job.last!.key, ...job.progress.pinned]);
  const entries = async function* () {
    for (const { name, input } of files) yield { name, input };
    let place = 0;
    for (const key of keys) {
      // The one that was judged sorts first, so that score.py takes it.
      yield { name: `checkpoints/${place}_${key}.safetensors`, input: await exportCheckpoint(job, key) };
      place += 1;
    }
  };
  const plain = spec.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-');
  return writeExport(piecesOf(makeZip(entries())), `${plain}-${job.id.slice(0, 8)}.zip`);
}

function configOf({ id, spec }: RunJob, status: RunStatus): object {
  const { config, device } = status;
  const partsOf = (code: number): string[] => spec.ids.filter((_, row) => spec.parts[row] === code);
  return {
    run: id,
    name: spec.name,
    createdAt: spec.createdAt,
    device,
    source: spec.source,
    target: spec.target,
    parent: spec.parent,
    classes: spec.classes,
    ...config,
    split: { method: spec.split, ...Object.fromEntries(PARTS.map((part, code) => [part, partsOf(code)])) },
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
