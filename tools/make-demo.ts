// `npx tsx tools/make-demo.ts` makes public/demo/: ten words spoken by twelve synthetic voices, as 16 kHz WAV files
// packed one after another into clips.bin, with index.json saying which is where. Needs espeak-ng 1.51
// (Debian: apt-get install espeak-ng). The speech is the program's output and free of any licence; the same version
// gives the same bytes.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resample } from '../src/audio/resample.ts';
import { Rng } from '../src/lib/rng.ts';

const WORDS = ['yes', 'no', 'up', 'down', 'left', 'right', 'stop', 'go', 'on', 'off'];
/** Accent with espeak-ng's voice variant, pitch 0–99 and words a minute. */
const VOICES = [
  { name: 'anna', voice: 'en-us+f2', pitch: 60, rate: 165 },
  { name: 'ben', voice: 'en-us+m3', pitch: 35, rate: 170 },
  { name: 'clara', voice: 'en-gb+f3', pitch: 70, rate: 155 },
  { name: 'david', voice: 'en-gb+m1', pitch: 45, rate: 180 },
  { name: 'emma', voice: 'en-gb-scotland+f4', pitch: 50, rate: 170 },
  { name: 'finn', voice: 'en-gb-scotland+m7', pitch: 30, rate: 160 },
  { name: 'grace', voice: 'en-029+f1', pitch: 55, rate: 175 },
  { name: 'hugo', voice: 'en-029+m5', pitch: 50, rate: 165 },
  { name: 'iris', voice: 'en-gb-x-rp+f5', pitch: 65, rate: 160 },
  { name: 'jon', voice: 'en-gb-x-rp+m2', pitch: 20, rate: 175 },
  { name: 'kim', voice: 'en-us+f1', pitch: 80, rate: 185 },
  { name: 'leo', voice: 'en-gb-x-gbclan+m4', pitch: 40, rate: 155 },
];
const SAMPLE_RATE = 16_000;
/** Quiet before and after the word. */
const MARGIN_SEC = 0.03;
const SPEECH_THRESHOLD = 0.01;
const NOISE_FLOOR = 10 ** (-60 / 20);

const folder = fileURLToPath(new URL('../public/demo/', import.meta.url));
mkdirSync(folder, { recursive: true });
const clips: { path: string; label: string; speaker: string; sizeBytes: number }[] = [];
const parts: Uint8Array[] = [];
for (const label of WORDS)
  for (const voice of VOICES) {
    const wav = encodeWav(finish(speak(label, voice), `${label}/${voice.name}`));
    clips.push({ path: `${label}/${voice.name}.wav`, label, speaker: voice.name, sizeBytes: wav.length });
    parts.push(wav);
  }
const packed = Buffer.concat(parts);
writeFileSync(`${folder}clips.bin`, packed);
writeFileSync(`${folder}index.json`, `${JSON.stringify({ name: 'Demo: ten words', clips })}\n`);
console.log(
  `${clips.length} clips, ${packed.length} bytes, longest ${Math.max(...clips.map(({ sizeBytes }) => (sizeBytes - 44) / 2 / SAMPLE_RATE)).toFixed(2)} s`,
);

function speak(word: string, { voice, pitch, rate }: (typeof VOICES)[number]): Float32Array<ArrayBuffer> {
  const wav = execFileSync(
    'espeak-ng',
    ['-v', voice, '-p', String(pitch), '-s', String(rate), '-z', '--stdout', word],
    { maxBuffer: 1 << 24 },
  );
  const view = new DataView(wav.buffer, wav.byteOffset, wav.length);
  const samples = new Float32Array((wav.length - 44) >> 1);
  samples.forEach((_, i) => (samples[i] = view.getInt16(44 + 2 * i, true) / 32768));
  return resample(samples, view.getUint32(24, true), SAMPLE_RATE);
}

/** Cuts the silence off, sets a level of its own for each clip, and lays a faint noise under it. */
function finish(samples: Float32Array<ArrayBuffer>, seed: string): Float32Array {
  const loud = (sample: number): boolean => Math.abs(sample) > SPEECH_THRESHOLD;
  const margin = Math.round(MARGIN_SEC * SAMPLE_RATE);
  const cut = samples.slice(
    Math.max(0, samples.findIndex(loud) - margin),
    samples.findLastIndex(loud) + margin,
  );
  const rng = Rng.fromSeed(1, seed);
  const peak = cut.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
  const gain = 10 ** (-(3 + 6 * rng.nextFloat()) / 20) / peak;
  return cut.map((sample) => sample * gain + NOISE_FLOOR * rng.nextGaussian());
}

/** 16-bit mono WAV. */
function encodeWav(samples: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF');
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(SAMPLE_RATE, 24);
  bytes.writeUInt32LE(SAMPLE_RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, i) =>
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), 44 + 2 * i),
  );
  return bytes;
}
