import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Rng } from '../../src/lib/rng.ts';

/** A mono 16-bit PCM WAV file. */
export function wavBytes(samples: Float32Array, sampleRate: number): Buffer {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, i) =>
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), 44 + i * 2),
  );
  return bytes;
}

/** A chord with noise, different for every seed; between 0.4 and 0.9 s. */
export function chirp(seed: number, sampleRate: number): Float32Array {
  const rng = Rng.fromSeed(seed, 'chirp');
  const samples = new Float32Array(Math.round(sampleRate * (0.4 + 0.5 * rng.nextFloat())));
  const pitches = [0, 1, 2].map(() => 100 + 900 * rng.nextFloat());
  for (let i = 0; i < samples.length; i += 1) {
    let sum = 0.02 * rng.nextGaussian();
    for (const [k, pitch] of pitches.entries())
      sum += 0.2 * Math.sin((2 * Math.PI * pitch * i) / sampleRate + k);
    samples[i] = sum;
  }
  return samples;
}

/** A real folder `class/voice_n.wav` of `count` clips on disk; every third one at 44.1 kHz. */
export async function writeAudioFolder(count: number): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'clips-')), 'clips');
  for (let i = 0; i < count; i += 1) {
    const sampleRate = i % 3 === 0 ? 44_100 : 16_000;
    writeFile(
      join(folder, `class${i % 4}`, `voice${i % 6}_${i}.wav`),
      wavBytes(chirp(i, sampleRate), sampleRate),
    );
  }
  return folder;
}

export function writeFile(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}
