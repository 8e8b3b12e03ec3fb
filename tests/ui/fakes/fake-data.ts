import type { ExtractionSettings } from '../../../src/experiments/extraction-id.ts';
import type { Reject, Utterance } from '../../../src/dataset/utterance.ts';
import type {
  DatasetStatus,
  DeviceStatus,
  EncoderStatus,
  JobStatus,
  ShardState,
  ShardStatus,
} from '../../../src/engine/protocol.ts';
import { Rng } from '../../../src/lib/rng.ts';

/** Plausible states of the app, made of seeds, for tests and for looking at the views. */

const emotions = ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness'];

export function fakeUtterances(count: number, seed = 7): readonly Utterance[] {
  const rng = Rng.fromSeed(seed, 'utterances');
  return Array.from({ length: count }, (_, index) => {
    const speaker = 1001 + (index % 91);
    const label = emotions[Math.floor(rng.nextFloat() ** 1.3 * emotions.length)] ?? 'neutral';
    const durationSec = 1.2 + 3.4 * rng.nextFloat();
    return {
      path: `AudioWAV/${speaker}_${['DFA', 'IEO', 'TAI', 'WSI'][index % 4]}_${label.slice(0, 3).toUpperCase()}_${String(index).padStart(5, '0')}.wav`,
      sizeBytes: Math.round(44 + durationSec * 32_000),
      durationSec,
      label,
      speaker: String(speaker),
      split: null,
    };
  });
}

export const fakeRejects: readonly Reject[] = [
  {
    path: 'AudioWAV/1076_MTI_SAD_XX.wav',
    errorName: 'EmptyAudioError',
    reason: '1076_MTI_SAD_XX.wav holds no samples: its data chunk is empty.',
  },
  {
    path: 'AudioWAV/1042_broken.wav',
    errorName: 'TruncatedAudioError',
    reason: '1042_broken.wav ends after 1.2 s of the 3.4 s that its header declares.',
  },
  {
    path: 'notes/readme.txt.wav',
    errorName: 'UnknownAudioFormatError',
    reason: 'readme.txt.wav is named .wav but its content is text.',
  },
  {
    path: 'notes/session-2.docx',
    errorName: 'NotAudioError',
    reason: 'session-2.docx is a text, not a recording; it was set aside.',
  },
];

export const fakeDataset = (clips = 7442, change: Partial<DatasetStatus> = {}): DatasetStatus => ({
  id: `dataset-${clips}`,
  name: 'CREMA-D',
  origin: 'folder',
  clips,
  hours: (clips * 2.9) / 3600,
  classes: emotions,
  speakers: Array.from({ length: Math.min(clips, 91) }, (_, index) => String(1001 + index)),
  rejects: fakeRejects,
  labelScheme: { id: 'crema-d', title: 'CREMA-D file names', detected: true },
  notices: ['3 rows of labels.csv name files that are not in the folder.'],
  filesAvailable: true,
  ...change,
});

export const nano: EncoderStatus = {
  id: 'wavlm-nano',
  name: 'wavlm-nano',
  modelType: 'wavlm',
  layers: 4,
  hiddenSize: 192,
  parameters: 2_412_000,
  weightsHash: '5a9d0f6be2c31c4f5a9d0f6be2c31c4f',
  trained: false,
};

export const basePlus: EncoderStatus = {
  id: 'microsoft/wavlm-base-plus',
  name: 'microsoft/wavlm-base-plus',
  modelType: 'wavlm',
  layers: 12,
  hiddenSize: 768,
  parameters: 94_381_936,
  weightsHash: '3bb273a6ace99408b50cfc81afdbb7ef',
  trained: true,
};

export const gpu: DeviceStatus = {
  backend: 'webgpu',
  adapter: 'nvidia ampere',
  isSoftware: false,
  threads: 1,
  explanation: 'Computes with WebGPU on nvidia ampere: the browser offers a hardware adapter.',
  selfTest: 'passed',
};

export const cpu: DeviceStatus = {
  backend: 'wasm',
  adapter: 'SwiftShader (software)',
  isSoftware: true,
  threads: 8,
  explanation:
    'Computes on the processor with 8 threads: the only WebGPU adapter is a software one, which is slower.',
  selfTest: 'passed',
};

export const fakeSettings: ExtractionSettings = {
  layers: [12],
  pooling: 'mean',
  augmentations: { versions: 0, seed: 1 },
  maxClipSec: 30,
  longClips: 'window',
};

export function fakeShards(
  total: number,
  shardSize: number,
  stateOf: (index: number, count: number) => ShardState,
): readonly ShardStatus[] {
  const count = Math.ceil(total / shardSize);
  const digits = String(total - 1).length < 4 ? 4 : String(total - 1).length;
  const pad = (index: number): string => String(index).padStart(digits, '0');
  return Array.from({ length: count }, (_, index) => {
    const first = index * shardSize;
    const last = Math.min(total, first + shardSize) - 1;
    const state = stateOf(index, count);
    const isSaved = state === 'done' || state === 'verified' || state === 'damaged';
    return {
      name: `shard_${pad(first)}-${pad(last)}.npz`,
      state,
      sizeBytes: isSaved ? (last - first + 1) * 768 * 4 + 2400 : 0,
    };
  });
}

/** A job that stands at a share of its clips. */
export function fakeJob(share: number, change: Partial<JobStatus> = {}): JobStatus {
  const total = change.total ?? 7442;
  const shardSize = change.pace?.shardSize ?? 100;
  const done = Math.floor(total * share);
  const reached = Math.floor(done / shardSize);
  return {
    id: 'x7f3a9c2e41b',
    state: share >= 1 ? 'finished' : 'running',
    dataset: { id: 'dataset-7442', name: 'CREMA-D' },
    encoder: { id: basePlus.id, name: basePlus.name },
    settings: fakeSettings,
    pace: { shardSize, batchSize: null },
    done: Math.max(0, done - 2),
    failed: Math.min(2, done),
    total,
    shards: fakeShards(total, shardSize, (index) =>
      share >= 1 || index < reached ? 'done' : index === reached ? 'in flight' : 'pending',
    ),
    failures: [
      {
        path: 'AudioWAV/1042_ITS_ANG_00412.wav',
        errorName: 'TooShortError',
        reason: '1042_ITS_ANG_00412.wav lasts 0.01 s: the encoder needs 0.025 s at least.',
      },
      {
        path: 'AudioWAV/1071_MTI_FEA_02210.wav',
        errorName: 'NonFiniteSamplesError',
        reason: '1071_MTI_FEA_02210.wav holds samples that are not numbers (NaN).',
      },
    ],
    createdAt: '2026-05-04T09:12:00.000Z',
    remainingSec: share >= 1 ? null : 760 * (1 - share),
    timesRealTime: share >= 1 ? null : 28.4,
    notice: null,
    writable: true,
    sizeBytes: done * 768 * 4,
    timings: {
      audioSec: 2.9 * done,
      decodeMs: 9 * done,
      resampleMs: 4 * done,
      augmentMs: 0,
      waitMs: 3 * done,
      encodeMs: 96 * done,
      poolMs: 1 * done,
      commitMs: 2 * done,
      commitWaitMs: done,
    },
    ...change,
  };
}
