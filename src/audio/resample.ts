/**
 * Sample-rate conversion by a windowed-sinc polyphase filter (Kaiser window; J. O. Smith, "Digital Audio Resampling",
 * CCRMA). One output sample is one dot product: the input around its instant with the filter phase of that instant.
 * The stop band begins at the lower of the two Nyquist frequencies, so nothing aliases; the pass band ends at
 * {@link passBand} of it. A signal of n samples gives exactly ⌈n·to/from⌉, as librosa, torchaudio and scipy do.
 */

/** End of the pass band as a part of the lower Nyquist frequency. */
const passBand = 0.92;
/** Stop-band attenuation of the design; the pass-band error is as small. */
const stopBandDb = 115;
/** Above this many coefficients a bank is replaced by an interpolated table. */
const maxBankLength = 2_000_000;
/** Phases of the interpolated table: linear interpolation between them errs below −115 dB. */
const tablePhases = 2048;

/** Filter phases, `taps` coefficients each; `phases + 1` rows when interpolated. */
interface FilterBank {
  readonly taps: number;
  readonly phases: number;
  readonly coefficients: Float64Array;
}

/** Samples that `length` samples become, exactly. */
export function resampledLength(length: number, from: number, to: number): number {
  const divisor = greatestCommonDivisor(from, to);
  return Math.ceil((length * (to / divisor)) / (from / divisor));
}

/** Converts a whole signal; `from` and `to` in Hz. Equal rates return the same array. */
export function resample(
  samples: Float32Array<ArrayBuffer>,
  from: number,
  to: number,
): Float32Array<ArrayBuffer> {
  if (from === to) return samples;
  const resampler = new Resampler(from, to);
  const output = new Float32Array(resampledLength(samples.length, from, to));
  const head = resampler.push(samples);
  output.set(head);
  output.set(resampler.flush(), head.length);
  return output;
}

/**
 * Converts a signal that comes in pieces: `push` each, then `flush` once. The concatenated results are the same
 * samples, bit for bit, however the input is cut. Rates are whole numbers of Hz.
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #interpolated: boolean;
  readonly #bank: FilterBank;
  /** Input not yet done with; its first sample is number `#start` of the padded signal. */
  #pending: Float32Array<ArrayBuffer>;
  #start = 0;
  #received = 0;
  #emitted = 0;

  constructor(from: number, to: number) {
    const divisor = greatestCommonDivisor(from, to);
    this.#up = to / divisor;
    this.#down = from / divisor;
    const taps = tapCount(from, to);
    this.#interpolated = this.#up * taps > maxBankLength;
    this.#bank = filterBank(from, to, this.#interpolated ? tablePhases : this.#up, this.#interpolated);
    // Half a filter of silence before the signal puts the first tap at padded sample 0.
    this.#pending = new Float32Array(this.#bank.taps / 2 - 1);
  }

  push(samples: Float32Array): Float32Array<ArrayBuffer> {
    this.#received += samples.length;
    return this.#convert(samples, Number.POSITIVE_INFINITY);
  }

  /** The rest, up to exactly ⌈received·to/from⌉ samples in all. */
  flush(): Float32Array<ArrayBuffer> {
    const total = Math.ceil((this.#received * this.#up) / this.#down);
    return this.#convert(new Float32Array(this.#bank.taps), total);
  }

  #convert(samples: Float32Array, limit: number): Float32Array<ArrayBuffer> {
    const { taps, phases, coefficients } = this.#bank;
    const input = new Float32Array(this.#pending.length + samples.length);
    input.set(this.#pending);
    input.set(samples, this.#pending.length);
    const end = this.#start + input.length;
    // Output k needs padded samples [⌊k·down/up⌋, +taps).
    const ready = Math.max(0, Math.floor(((end - taps + 1) * this.#up - 1) / this.#down) + 1);
    const count = Math.max(0, Math.min(ready, limit) - this.#emitted);
    const output = new Float32Array(count);
    for (let i = 0; i < count; i += 1) {
      const index = this.#emitted + i;
      const instant = index * this.#down;
      const whole = Math.floor(instant / this.#up);
      const at = whole - this.#start;
      if (this.#interpolated) {
        const exact = ((instant - whole * this.#up) / this.#up) * phases;
        const phase = Math.floor(exact);
        const low = dot(input, at, coefficients, phase * taps, taps);
        const high = dot(input, at, coefficients, (phase + 1) * taps, taps);
        output[i] = low + (high - low) * (exact - phase);
      } else {
        output[i] = dot(input, at, coefficients, (instant - whole * this.#up) * taps, taps);
      }
    }
    this.#emitted += count;
    const next = Math.floor((this.#emitted * this.#down) / this.#up);
    const used = Math.min(Math.max(0, next - this.#start), input.length);
    this.#pending = input.slice(used);
    this.#start += used;
    return output;
  }
}

/** Σ input[at+i]·filter[from+i] over `taps` (a multiple of 4), in double precision and a fixed order. */
function dot(input: Float32Array, at: number, filter: Float64Array, from: number, taps: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < taps; i += 4) {
    a += input[at + i]! * filter[from + i]!;
    b += input[at + i + 1]! * filter[from + i + 1]!;
    c += input[at + i + 2]! * filter[from + i + 2]!;
    d += input[at + i + 3]! * filter[from + i + 3]!;
  }
  return a + b + (c + d);
}

const banks = new Map<string, FilterBank>();
const maxBanks = 12;

function filterBank(from: number, to: number, phases: number, interpolated: boolean): FilterBank {
  const key = `${from}/${to}/${phases}`;
  let bank = banks.get(key);
  if (bank === undefined) {
    bank = designBank(from, to, phases, interpolated ? phases + 1 : phases);
    if (banks.size >= maxBanks) banks.delete(banks.keys().next().value ?? key);
    banks.set(key, bank);
  }
  return bank;
}

/** Kaiser's estimate of the length for the transition band, in input samples, rounded up to a multiple of 4. */
function tapCount(from: number, to: number): number {
  const nyquist = Math.min(from, to) / 2;
  const transition = (2 * Math.PI * nyquist * (1 - passBand)) / from;
  return 4 * Math.ceil((stopBandDb - 7.95) / (2.285 * transition) / 4);
}

function designBank(from: number, to: number, phases: number, rows: number): FilterBank {
  const taps = tapCount(from, to);
  const half = taps / 2;
  // Cut-off in the middle of the transition band, as a part of the input's sample rate.
  const cutoff = (Math.min(from, to) * (1 + passBand)) / 4 / from;
  const beta = 0.1102 * (stopBandDb - 8.7);
  const norm = besselI0(beta);
  const coefficients = new Float64Array(rows * taps);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const x = tap - (half - 1) - row / phases;
      const inside = 1 - (x / half) ** 2;
      const window = inside <= 0 ? 0 : besselI0(beta * Math.sqrt(inside)) / norm;
      const angle = 2 * Math.PI * cutoff * x;
      const value = 2 * cutoff * (angle === 0 ? 1 : Math.sin(angle) / angle) * window;
      coefficients[row * taps + tap] = value;
      sum += value;
    }
    // Every phase passes a constant unchanged.
    for (let tap = 0; tap < taps; tap += 1) coefficients[row * taps + tap]! /= sum;
  }
  return { taps, phases, coefficients };
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [high, low] = [a, b];
  while (low !== 0) [high, low] = [low, high % low];
  return high;
}
