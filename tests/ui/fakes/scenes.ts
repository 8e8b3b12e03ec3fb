import type { EngineEvent } from '../../../src/engine/protocol.ts';
import { fakeShards, basePlus, cpu, fakeDataset, fakeJob, nano } from './fake-data.ts';
import { fakeCrossValidation, fakeRun } from './fake-runs.ts';
import type { FakeTrainingStart } from './fake-training.ts';

/** A state of the app worth looking at: what the engine remembers, where the person is, what then happens. */
export interface Scene {
  readonly hash: string;
  readonly start: FakeTrainingStart;
  readonly events?: readonly EngineEvent[];
}

const crema = fakeDataset();
const finished = fakeJob(1, {
  id: 'done1',
  dataset: { id: 'dataset-96', name: 'Demo' },
  encoder: nano,
  total: 96,
  failures: [],
  failed: 0,
  done: 96,
  sizeBytes: 96 * 192 * 4,
  settings: { ...fakeJob(1).settings, layers: [4] },
});
const running = fakeJob(0.62);

export const scenes: Readonly<Record<string, Scene>> = {
  'start-empty': { hash: '#/', start: {} },
  'start-unfinished': {
    hash: '#/',
    start: {
      datasets: [{ ...crema, filesAvailable: false }],
      encoders: [basePlus],
      jobs: [
        fakeJob(0.62, {
          state: 'interrupted',
          notice: 'Recovered after the browser closed: 46 shards verified, the one in hand will be redone.',
          remainingSec: null,
          timesRealTime: null,
        }),
        finished,
      ],
    },
  },
  'data-empty': { hash: '#/data', start: {} },
  'data-full': { hash: '#/data', start: { datasets: [crema], encoders: [nano] } },
  'data-away': {
    hash: '#/data',
    start: { datasets: [{ ...crema, filesAvailable: false, rejects: [], notices: [] }], encoders: [nano] },
  },
  'data-corrected': {
    hash: '#/data',
    start: {
      datasets: [crema],
      encoders: [nano],
      corrections: {
        [crema.id]: [
          {
            path: '1001_DFA_ANG_XX.wav',
            from: 'anger',
            label: 'disgust',
            setAside: false,
            at: '2025-02-27T09:00:00.000Z',
            step: 0,
          },
          {
            path: '1004_IEO_SAD_LO.wav',
            from: 'sadness',
            label: null,
            setAside: true,
            at: '2025-03-01T10:12:00.000Z',
            step: 1,
          },
        ],
      },
    },
  },
  'encoder-empty': { hash: '#/encoder', start: {} },
  'encoder-full': { hash: '#/encoder', start: { datasets: [crema], encoders: [nano, basePlus] } },
  'encoder-download': {
    hash: '#/encoder',
    start: { datasets: [crema], encoders: [nano] },
    events: [
      {
        type: 'download',
        progress: { file: 'model.safetensors', receivedBytes: 148e6, totalBytes: 377.6e6 },
      },
    ],
  },
  'extract-empty': { hash: '#/extract', start: {} },
  'extract-settings': {
    hash: '#/extract',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running, finished] },
  },
  'extract-full-disk': {
    hash: '#/extract',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      storage: { usedBytes: 9.9e9, freeBytes: 12e6, persisted: false },
    },
  },
  'job-running': {
    hash: `#/extract/${running.id}`,
    start: { datasets: [crema], encoders: [basePlus], jobs: [running, finished] },
  },
  'job-live': {
    hash: `#/extract/${running.id}`,
    start: { datasets: [crema], encoders: [basePlus], jobs: [fakeJob(0.1)], stepMs: 250 },
  },
  'job-large': {
    hash: '#/extract/large',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      device: cpu,
      jobs: [
        fakeJob(0.41, {
          id: 'large',
          total: 126_000,
          failures: [],
          remainingSec: 9e4,
          timesRealTime: 4.2,
        }),
      ],
    },
  },
  'job-paused-full': {
    hash: `#/extract/${running.id}`,
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [
        fakeJob(0.62, {
          state: 'paused',
          remainingSec: null,
          timesRealTime: null,
          notice:
            'Paused: the disk quota is used up. Free some space (compact or remove a finished extraction), then resume; nothing is lost.',
        }),
      ],
      storage: { usedBytes: 9.9e9, freeBytes: 12e3, persisted: false },
    },
    events: [
      {
        type: 'notice',
        level: 'error',
        text: 'The disk quota is used up: the extraction of CREMA-D is paused, all committed shards are safe.',
      },
      { type: 'notice', level: 'warning', text: 'The browser did not grant persistent storage.' },
    ],
  },
  'job-damaged': {
    hash: '#/extract/damaged',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [
        fakeJob(1, {
          id: 'damaged',
          state: 'failed',
          notice: '2 shards do not match their digests. Repair computes just these again.',
          shards: fakeShards(7442, 100, (index) =>
            index === 12 || index === 40
              ? 'damaged'
              : index === 71
                ? 'failed'
                : index < 66
                  ? 'verified'
                  : 'done',
          ),
        }),
      ],
    },
  },
  'job-second-tab': {
    hash: `#/extract/${running.id}`,
    start: { datasets: [crema], encoders: [basePlus], jobs: [{ ...running, writable: false }] },
  },
  'job-finished': {
    hash: '#/extract/done1',
    start: { datasets: [crema], encoders: [nano], jobs: [finished, running] },
  },
  'job-unknown': { hash: '#/extract/gone', start: {} },
  'train-empty': { hash: '#/train', start: {} },
  'train-settings': {
    hash: '#/train',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running, finished] },
  },
  'train-cross-validated': {
    hash: '#/train',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [finished],
      crossValidations: [
        fakeCrossValidation({}, 3),
        fakeCrossValidation({ id: 'cut', createdAt: '2025-02-27T09:00:00.000Z' }, 2),
      ],
    },
  },
  'train-refused': {
    hash: '#/train',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [finished],
      preview: {
        problems: ['Every clip has the label “neutral”: a classifier needs at least two classes.'],
        classes: [{ name: 'neutral', train: 70, validation: 0, test: 26 }],
      },
    },
  },
  'train-unread': {
    hash: '#/train',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [finished],
      previewFailure: 'Shard 12 of CREMA-D is damaged; repair the extraction and look again.',
    },
  },
  'run-training': {
    hash: '#/runs/run1',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running], runs: [fakeRun(0.63)] },
  },
  'run-finished': {
    hash: '#/runs/run1',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running], runs: [fakeRun(1)] },
  },
  'run-results': {
    hash: '#/runs/run1/results',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running], runs: [fakeRun(1)] },
  },
  'run-layers': {
    hash: '#/runs/run1/results',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [running],
      runs: [
        fakeRun(1, {
          config: { ...fakeRun(1).config, head: { kind: 'layer-mix', hidden: [], dropout: 0 } },
        }),
      ],
    },
  },
  'run-map': {
    hash: '#/runs/run1/map',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running], runs: [fakeRun(1)] },
  },
  'run-use': {
    hash: '#/runs/run1/use',
    start: { datasets: [crema], encoders: [basePlus], jobs: [running], runs: [fakeRun(1)] },
  },
  'run-refused': {
    hash: '#/runs/run1',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [running],
      runs: [fakeRun(0.5, { state: 'paused' })],
      refusals: ['The state of adamw means nothing to sgd; start a fresh run from these weights.'],
    },
  },
  'run-failed': {
    hash: '#/runs/run1',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      runs: [
        fakeRun(0.4, {
          state: 'failed',
          notice:
            'The loss became NaN at step 985 (epoch 13, batch 1). The last good checkpoint is epoch 12; lower the learning rate and go on from there.',
          notices: ['Checkpoint “epoch-11” does not match its digest and was passed over.'],
          writable: false,
        }),
      ],
    },
  },
  'run-unknown': { hash: '#/runs/gone', start: {} },
  'runs-empty': { hash: '#/runs', start: {} },
  'runs-compared': {
    hash: '#/runs',
    start: {
      datasets: [crema],
      encoders: [basePlus],
      jobs: [running],
      runs: [
        fakeRun(0.63),
        fakeRun(1, { id: 'run2', name: 'MLP 256, dropout', createdAt: '2026-03-01T09:00:00Z' }),
        fakeRun(0.5, {
          id: 'run3',
          name: 'Layer 9 alone',
          state: 'paused',
          createdAt: '2026-02-27T09:00:00Z',
        }),
      ],
    },
  },
};
