/** Encodes clips of one length on one device, in a worker as the app does. */
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../../src/device/backend.ts';
import { testValues } from '../../src/device/self-test.ts';
import { openBuiltIn } from '../../src/encoder/built-in.ts';
import type { Checkpoint } from '../../src/encoder/checkpoint/checkpoint.ts';
import { parseEncoderConfig } from '../../src/encoder/config.ts';
import { plainKernels } from '../../src/encoder/kernels/plain.ts';
import { frameMoments } from '../../src/encoder/pooling.ts';
import { seededCheckpoint } from '../../src/encoder/seeded-weights.ts';
import { createEncoder } from '../../src/encoder/wavlm.ts';

export interface EncodeRequest {
  readonly backend: 'wasm' | 'webgpu';
  readonly encoder: 'nano' | 'base' | 'large';
  readonly seconds: number;
  readonly batch: number;
  readonly rounds: number;
  readonly plain?: boolean;
}

export interface EncodeFigures {
  readonly device: string;
  readonly loadMs: number;
  /** Wall time of each batch. */
  readonly batchMs: readonly number[];
  /** Tensors and bytes after the first batch and after the last. */
  readonly tensors: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly pooledBytes: number;
  /** Mean and squared deviations over the frames of one clip, in JavaScript, as the wasm backend does it. */
  readonly poolMs: number;
}

async function checkpointOf(name: EncodeRequest['encoder']): Promise<Checkpoint> {
  if (name === 'nano') return (await openBuiltIn()).checkpoint;
  const large = {
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    intermediate_size: 4096,
    feat_extract_norm: 'layer',
    do_stable_layer_norm: true,
  };
  const config = parseEncoderConfig({ model_type: 'wavlm', ...(name === 'large' ? large : {}) });
  return seededCheckpoint(config, name === 'large', 1);
}

async function measure(request: EncodeRequest): Promise<EncodeFigures> {
  const device = await openDevice(request.backend);
  const checkpoint = await checkpointOf(request.encoder);
  const loadStart = performance.now();
  const encoder = await createEncoder(checkpoint, undefined, {
    kernels: request.plain ? plainKernels : undefined,
  });
  const loadMs = performance.now() - loadStart;
  const waveforms = Array.from({ length: request.batch }, (_, i) =>
    testValues(Math.round(request.seconds * 16000), i).map((value) => value * 0.1),
  );
  const run = async (): Promise<void> => {
    const encoded = await encoder.encode(waveforms, { layers: [encoder.layers], pooling: 'mean+std' });
    if (encoded.length !== waveforms.length) throw new Error('A clip is missing.');
    await device.checkFaults();
    device.trim();
  };
  await run();
  const first = tf.memory();
  const batchMs: number[] = [];
  for (let i = 0; i < request.rounds; i += 1) {
    const start = performance.now();
    await run();
    batchMs.push(performance.now() - start);
  }
  const last = tf.memory();
  return {
    device: device.status.explanation,
    loadMs,
    batchMs,
    tensors: [first.numTensors, last.numTensors],
    bytes: [first.numBytes, last.numBytes],
    pooledBytes: device.pooledBytes(),
    poolMs: poolingMs(encoder.frameCount(Math.round(request.seconds * 16000)), encoder.hiddenSize),
  };
}

function poolingMs(frameCount: number, hiddenSize: number): number {
  const frames = testValues(frameCount * hiddenSize, 1);
  const rounds = 50;
  let start = 0;
  for (let i = -5; i < rounds; i += 1) {
    if (i === 0) start = performance.now();
    frameMoments(frames, 1, frameCount, hiddenSize);
  }
  return (performance.now() - start) / rounds;
}

addEventListener('message', (event: MessageEvent<EncodeRequest>) => {
  void measure(event.data).then(
    (figures) => postMessage(figures),
    (error: unknown) =>
      setTimeout(() => {
        throw error;
      }),
  );
});
