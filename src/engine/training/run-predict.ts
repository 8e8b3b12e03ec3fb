import type { DecodePool } from '../../audio/pool.ts';
import { explain } from '../../training/evaluate.ts';
import type { DeviceManager } from '../device-manager.ts';
import type { EncoderRegistry } from '../encoder-registry.ts';
import { InvalidRequestError } from '../errors.ts';
import type { ExtractionJob } from '../extraction/extraction-job.ts';
import type { RunJob } from './run-job.ts';
import { StageTimings } from '../extraction/stage-timings.ts';
import type { TrainingDevices } from './training-devices.ts';
import { chosenCheckpoint } from './training-judge.ts';
import type { Prediction } from '../training-protocol.ts';
import { FeatureCollector } from './training-source.ts';
import { WindowEncoder } from '../extraction/window-encoder.ts';

export interface PredictParts {
  readonly pool: DecodePool;
  readonly devices: DeviceManager;
  readonly encoders: EncoderRegistry;
  readonly trainingDevices: TrainingDevices;
}

/**
 * What a run's head says of a recording, which goes the same way as the clips of its extraction did: same encoder, same
 * layers, same pooling.
 * @throws EncoderNeededError, and the named errors of decoding.
 */
export async function predictRecording(
  parts: PredictParts,
  job: RunJob,
  extraction: ExtractionJob,
  audio: File | { readonly samples: Float32Array; readonly sampleRate: number },
): Promise<Prediction> {
  const { pool, devices, encoders, trainingDevices } = parts;
  const { settings, encoder: wanted } = extraction.spec;
  const file = audio instanceof File ? audio : wavFile(audio.samples, audio.sampleRate);
  const clip = await pool.prepare({
    file,
    path: file.name,
    versions: [0],
    augmentations: { ...settings.augmentations, versions: 0 },
    maxClipSec: settings.maxClipSec,
    longClips: settings.longClips,
  });
  await encoders.restore(wanted);
  const encoder = new WindowEncoder({
    encoder: await encoders.onDevice(wanted.id),
    device: await devices.device(),
    settings,
    timings: new StageTimings(),
    batchSize: 1,
    onSmallerBatch: () => undefined,
  });
  const windows = [];
  for (const samples of clip.examples[0]?.windows ?? []) windows.push(...(await encoder.encode([samples])));
  const { data, frameCount } = encoder.merge(windows);
  const frames = settings.pooling === 'none';
  const layers = settings.layers.length;
  const collector = new FeatureCollector([file.name], job.spec.source.layer);
  collector.add({
    ids: [file.name],
    data,
    frameCounts: frames ? [frameCount] : null,
    layers,
    width: data.length / (layers * (frames ? frameCount : 1)),
  });
  const { layout, values, frameOffsets } = collector.finish();
  const { classes, backend } = job.spec;
  const { compute } = await trainingDevices.open(backend);
  const checkpoint = await job.read(chosenCheckpoint(job));
  const examples = {
    layout,
    features: values,
    frameOffsets,
    labels: Int32Array.of(-1),
    classes,
    ids: [file.name],
  };
  return { classes, ...(await explain(compute, checkpoint, examples, 0)) };
}

/** Samples as a 32-bit float WAV file, so that a recording is decoded and cut as any file is. */
function wavFile(samples: Float32Array, sampleRate: number): File {
  if (!(sampleRate > 0)) throw new InvalidRequestError(`A sample rate of ${sampleRate} Hz makes no sense.`);
  const header = new DataView(new ArrayBuffer(44));
  const text = (at: number, letters: string): void => {
    for (let i = 0; i < letters.length; i += 1) header.setUint8(at + i, letters.charCodeAt(i));
  };
  text(0, 'RIFF');
  header.setUint32(4, 36 + samples.byteLength, true);
  text(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 3, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * 4, true);
  header.setUint16(32, 4, true);
  header.setUint16(34, 32, true);
  text(36, 'data');
  header.setUint32(40, samples.byteLength, true);
  return new File([header, new Float32Array(samples)], 'recording.wav', { type: 'audio/wav' });
}
