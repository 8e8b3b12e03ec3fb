/** State of {@link Rng}: four unsigned 32-bit words, plain JSON. */
export type RngState = readonly [number, number, number, number];

/**
 * Small seeded generator with a JSON state: sfc32 (Chris Doty-Humphrey, PractRand), seeded through a 32-bit
 * finaliser so that neighbouring seeds give unrelated streams.
 */
export class Rng {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  private constructor() {}

  /** A stream for a seed and any number of words that tell streams apart (clip, version, epoch…). */
  static fromSeed(seed: number, ...words: readonly (number | string)[]): Rng {
    const rng = new Rng();
    let hash = mix(seed >>> 0, 0x9e3779b9);
    for (const word of words) {
      const text = typeof word === 'number' ? `#${word}` : word;
      for (let i = 0; i < text.length; i += 1) hash = mix(hash, text.charCodeAt(i));
      hash = mix(hash, text.length);
    }
    rng.#a = mix(hash, 1);
    rng.#b = mix(hash, 2);
    rng.#c = mix(hash, 3);
    for (let i = 0; i < 15; i += 1) rng.nextUint32();
    return rng;
  }

  static fromState(state: RngState): Rng {
    const rng = new Rng();
    [rng.#a, rng.#b, rng.#c, rng.#counter] = state;
    return rng;
  }

  get state(): RngState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  nextUint32(): number {
    const sum = (((this.#a + this.#b) >>> 0) + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** Uniform in [0, 1), 53 bits. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, bound); bound ≤ 2³². Unbiased by rejection. */
  nextInt(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let draw = this.nextUint32();
    while (draw >= limit) draw = this.nextUint32();
    return draw % bound;
  }

  /** Standard normal by Box–Muller, the second value dropped so that the state stays four words. */
  nextGaussian(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.nextFloat()));
    return radius * Math.cos(2 * Math.PI * this.nextFloat());
  }
}

/** One round of murmur3's 32-bit mixing (Austin Appleby). */
function mix(hash: number, word: number): number {
  let h = (hash ^ Math.imul(word + 0x7f4a7c15, 0xcc9e2d51)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
