/**
 * The project's random numbers: xoshiro128++ (Blackman and Vigna, 2019), seeded through SplitMix32. The same seed
 * gives the same numbers on every machine. Not for secrets.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed Any number; its lower 32 bits count. */
  constructor(seed: number) {
    let state = seed | 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) | 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** A generator of its own, for a part of the work that must not disturb the numbers of others. */
  fork(stream: number): SeededRandom {
    return new SeededRandom(this.int32() ^ Math.imul(stream + 1, 0x9e3779b1));
  }

  /** Uniform over all signed 32-bit integers. */
  int32(): number {
    const sum = (this.#a + this.#d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#a) | 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number {
    return (this.int32() >>> 0) * 2 ** -32;
  }

  /** Uniform integer in [0, bound), for bounds up to 2^32. */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Exponentially distributed with mean 1. */
  exponential(): number {
    // 1 - u lies in (0, 1].
    return -Math.log(1 - this.uniform());
  }

  /** Standard normal (Box and Muller). */
  normal(): number {
    return Math.sqrt(2 * this.exponential()) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Gamma distributed with mean and variance `shape` > 0 (Marsaglia and Tsang, 2000). */
  gamma(shape: number): number {
    // For shapes below 1: a gamma of shape + 1, scaled down.
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && -this.exponential() < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }
}
