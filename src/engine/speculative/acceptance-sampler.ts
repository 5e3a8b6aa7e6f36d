import { ChaCha12Stream } from "../../random/chacha12-stream.ts";

/**
 * Draws how many draft tokens of a speculative step are accepted (other-engines-findings rule 20): the positions are
 * walked in order until the first rejection; a position with rate 1 is accepted without a draw, any other takes one
 * 64-bit draw u and is accepted if u < ⌊rate · 2^64⌋ (so rate 0 draws and rejects).
 */
export class AcceptanceSampler {
  private readonly stream: ChaCha12Stream;
  private readonly positions: number;
  /** High and low halves of ⌊rate · 2^64⌋; a high half of 2^32 marks a rate of 1. */
  private readonly thresholdHigh: Float64Array;
  private readonly thresholdLow: Float64Array;

  /**
   * @param seed base seed + index of the attention-DP rank (worker · dp size + rank), a whole number in [0, 2^53]
   * @param rates conditional acceptance probability of each draft position, each in [0, 1]
   */
  constructor(seed: number, rates: readonly number[]) {
    this.stream = new ChaCha12Stream(seed);
    this.positions = rates.length;
    // Scaling by a power of two is exact, and a rate below 1 stays at least 2^11 below 2^64.
    const scaled = rates.map((rate) => Math.floor(Math.min(1, Math.max(0, rate)) * 2 ** 64));
    this.thresholdHigh = Float64Array.from(scaled, (threshold) => Math.floor(threshold / 2 ** 32));
    this.thresholdLow = Float64Array.from(scaled, (threshold) => threshold % 2 ** 32);
  }

  /** Accepted drafts of one request in one step, 0 … number of rates. One request in running order a call. */
  acceptedDrafts(): number {
    for (let position = 0; position < this.positions; position++) {
      const high = this.thresholdHigh[position]!;
      if (high === 2 ** 32) continue;
      const low = this.stream.nextWord();
      const drawn = this.stream.nextWord();
      if (drawn > high || (drawn === high && low >= this.thresholdLow[position]!)) return position;
    }
    return this.positions;
  }
}
