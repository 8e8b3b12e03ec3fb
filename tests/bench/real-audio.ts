import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Grouping } from '../../src/dataset/grouping.ts';
import { openBuiltPage } from '../e2e/built-page.ts';

/**
 * A folder of real recordings through the built app: extracted with the built-in encoder, then a linear head
 * cross-validated on it. `npx tsx tests/bench/real-audio.ts FOLDER [--target label,speaker] [--folds 5] [--groups label] [--rate 0.003]`;
 * without folds one group is left out at a time: a speaker (speakers themselves: five stratified folds), or what
 * `--groups` says: `label`, `folder`, or JSON such as `{"namePart":3}`.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: 'string', default: 'label' },
    folds: { type: 'string' },
    groups: { type: 'string' },
    layers: { type: 'string' },
    epochs: { type: 'string', default: '30' },
    rate: { type: 'string', default: '0.003' },
    decay: { type: 'string', default: '0.1' },
    scheme: { type: 'string', default: 'auto' },
  },
});
const [folder] = positionals;
if (!folder) throw new Error('Name a folder of audio.');

function groupsOf(text: string | undefined): Grouping | null {
  if (text === undefined) return null;
  return text.startsWith('{') ? (JSON.parse(text) as Grouping) : (text as Grouping);
}

const app = await openBuiltPage('?device=wasm');
try {
  app.page.setDefaultTimeout(0);
  await app.page.waitForFunction(() => 'playground' in window);
  await app.page.getByTestId('folder-input').setInputFiles(folder);
  const outcome = await app.page.evaluate(
    async ({ targets, folds, groups, only, epochs, rate, decay, scheme }) => {
      const { playground } = window;
      let dataset = (await playground.datasets()).find(({ hours }) => hours > 0);
      while (!dataset) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        dataset = (await playground.datasets()).find(({ hours }) => hours > 0);
      }
      if (scheme !== 'auto') dataset = await playground.useLabelScheme(dataset.id, scheme);
      const encoder = await playground.loadEncoder('wavlm-nano');
      const start = performance.now();
      const extraction = await playground.extract({
        dataset: dataset.id,
        encoder: encoder.id,
        layers: 'all',
        pooling: 'mean+std',
      });
      const job = await playground.finished(extraction);
      const extractionSec = (performance.now() - start) / 1000;
      const { layers } = job.settings;
      const rows = [];
      for (const target of targets)
        for (let layer = 0; layer < layers.length; layer += 1) {
          if (only && !only.includes(layer)) continue;
          const began = performance.now();
          const result = await playground.crossValidate({
            extraction,
            layer,
            target: target === 'speaker' ? 'speaker' : 'label',
            groups: groups ?? (folds !== null || target === 'speaker' ? 'none' : 'speaker'),
            ...(folds === null ? {} : { folds }),
            epochs,
            optimizer: { kind: 'adamw', learningRate: rate, weightDecay: decay },
          });
          const { accuracy, uar, eer } = result.pooled;
          rows.push({
            target,
            layer: layers[layer],
            folds: result.folds.length,
            accuracy: (100 * accuracy).toFixed(1),
            uar: (100 * uar).toFixed(1),
            eer: eer === null ? '' : (100 * eer).toFixed(1),
            sec: ((performance.now() - began) / 1000).toFixed(1),
          });
        }
      const { name, clips, hours, classes, speakers, labelScheme } = dataset;
      return {
        about: {
          name,
          clips,
          hours,
          classes: classes.length,
          speakers: speakers.length,
          labelScheme: labelScheme.id,
        },
        encoder: { trained: encoder.trained, weightsHash: encoder.weightsHash.slice(0, 16) },
        extraction: { state: job.state, done: job.done, failed: job.failed, sec: extractionSec },
        rows,
      };
    },
    {
      targets: values.target.split(','),
      folds: values.folds === undefined ? null : Number(values.folds),
      groups: groupsOf(values.groups),
      only: values.layers?.split(',').map(Number) ?? null,
      epochs: Number(values.epochs),
      rate: Number(values.rate),
      decay: Number(values.decay),
      scheme: values.scheme,
    },
  );
  const { rows, ...head } = outcome;
  process.stdout.write(`${JSON.stringify(head, null, 1)}\n`);
  console.table(rows);
} finally {
  await app.close();
}
