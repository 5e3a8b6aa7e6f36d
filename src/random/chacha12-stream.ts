/**
 * The stream of 32-bit words of Rust's `StdRng` (rand 0.9: ChaCha with 12 rounds, 64-bit block counter from 0, stream
 * 0), seeded as `seed_from_u64` does (PCG32 expansion of the seed to a 256-bit key). Gives the reference's draws bit
 * for bit (aic-run-findings §6).
 */
export class ChaCha12Stream {
  private readonly key: Uint32Array;
  private readonly block = new Uint32Array(16);
  private next = 16;
  private counterLow = 0;
  private counterHigh = 0;

  /** @param seed whole number in [0, 2^53] */
  constructor(seed: number) {
    this.key = expandSeed(seed);
  }

  /** The next word, 0 … 2^32 − 1. */
  nextWord(): number {
    if (this.next === 16) {
      fillBlock(this.block, this.key, this.counterLow, this.counterHigh);
      this.counterLow = (this.counterLow + 1) >>> 0;
      if (this.counterLow === 0) this.counterHigh = (this.counterHigh + 1) >>> 0;
      this.next = 0;
    }
    return this.block[this.next++]!;
  }

  /** Uniform in [0, 1), with 53 random bits, as `random::<f64>()` draws it. */
  uniform(): number {
    const low = this.nextWord();
    return (this.nextWord() * 2 ** 21 + (low >>> 11)) * 2 ** -53;
  }

  /** Uniform whole number in [0, bound), for bounds up to 2^32, as `random_range(0..bound)` draws it. */
  integer(bound: number): number {
    const product = BigInt(this.nextWord()) * BigInt(bound);
    const high = Number(product >> 32n);
    const low = Number(product & 0xffffffffn);
    if (low <= 2 ** 32 - bound) return high;
    // The rest of a longer fraction decides whether the next number is due (Canon's method).
    return low + Math.floor((this.nextWord() * bound) / 2 ** 32) >= 2 ** 32 ? high + 1 : high;
  }
}

/** Eight key words from a seed: one PCG32 step each. */
function expandSeed(seed: number): Uint32Array {
  const mask = (1n << 64n) - 1n;
  const key = new Uint32Array(8);
  let state = BigInt(seed);
  for (let i = 0; i < 8; i++) {
    state = (state * 6364136223846793005n + 11634580027462260723n) & mask;
    const shifted = Number((((state >> 18n) ^ state) >> 27n) & 0xffffffffn);
    const rotation = Number(state >> 59n);
    key[i] = (shifted >>> rotation) | (shifted << ((32 - rotation) & 31));
  }
  return key;
}

/** The sixteen words of one block: 12 rounds over the initial state, then the initial state added (RFC 8439 layout). */
function fillBlock(out: Uint32Array, key: Uint32Array, counterLow: number, counterHigh: number): void {
  const initial = initialState;
  initial.set(key, 4);
  initial[12] = counterLow;
  initial[13] = counterHigh;
  out.set(initial);
  for (let round = 0; round < 6; round++) {
    quarterRound(out, 0, 4, 8, 12);
    quarterRound(out, 1, 5, 9, 13);
    quarterRound(out, 2, 6, 10, 14);
    quarterRound(out, 3, 7, 11, 15);
    quarterRound(out, 0, 5, 10, 15);
    quarterRound(out, 1, 6, 11, 12);
    quarterRound(out, 2, 7, 8, 13);
    quarterRound(out, 3, 4, 9, 14);
  }
  for (let i = 0; i < 16; i++) out[i]! += initial[i]!;
}

/** "expand 32-byte k", then key, counter and stream. */
const initialState = new Uint32Array(16);
initialState.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);

function quarterRound(state: Uint32Array, ia: number, ib: number, ic: number, id: number): void {
  let a = state[ia]! | 0;
  let b = state[ib]! | 0;
  let c = state[ic]! | 0;
  let d = state[id]! | 0;
  a = (a + b) | 0;
  d ^= a;
  d = (d << 16) | (d >>> 16);
  c = (c + d) | 0;
  b ^= c;
  b = (b << 12) | (b >>> 20);
  a = (a + b) | 0;
  d ^= a;
  d = (d << 8) | (d >>> 24);
  c = (c + d) | 0;
  b ^= c;
  b = (b << 7) | (b >>> 25);
  state[ia] = a;
  state[ib] = b;
  state[ic] = c;
  state[id] = d;
}
