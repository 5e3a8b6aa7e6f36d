import type { RequestState } from "./request-state.ts";

/**
 * The running requests of a row of passes in which each emits one token and nothing else happens, arranged so that a
 * pass costs as much as the blocks it fills, not as the batch is large.
 */
export class DecodeRow {
  /** Requests in the row and the sum of their prompt + generated tokens before the next token. */
  size = 0;
  knownTokens = 0;
  /** Passes the row may have before the pass that finishes a request. */
  longest = 0;
  /** By (pass number mod block size): how many requests need a new block then, and the first of them in a list. */
  private readonly counts: Int32Array;
  private readonly heads: Int32Array;
  /** The next in the same list, by place in running order; −1 = last. */
  private next = new Int32Array(64);
  private readonly blockSize: number;

  constructor(blockSize: number) {
    this.blockSize = blockSize;
    this.counts = new Int32Array(blockSize);
    this.heads = new Int32Array(blockSize);
  }

  /**
   * Arranges the running requests for a row that starts with pass 0.
   * @returns false when one of them cannot be in a row: its prompt is not complete, its last token is due, or its
   * second token is, or it did not emit in the pass before
   */
  arrange(running: readonly RequestState[], startNs: number): boolean {
    const { blockSize, counts, heads } = this;
    counts.fill(0);
    heads.fill(-1);
    if (running.length > this.next.length) this.next = new Int32Array(running.length * 2);
    const { next } = this;
    let sum = 0;
    let longest = Infinity;
    // From the back, so that each list stands in running order.
    for (let i = running.length - 1; i >= 0; i--) {
      const state = running[i]!;
      const known = state.promptLength + state.generated;
      const left = state.outputLimit - state.generated - 1;
      if (state.computed !== known - 1 || left < 1 || state.generated < 2) return false;
      if (state.lastTokenNs < startNs) return false;
      sum += known;
      if (left < longest) longest = left;
      const phase = (blockSize - (state.computed % blockSize)) % blockSize;
      counts[phase]!++;
      next[i] = heads[phase]!;
      heads[phase] = i;
    }
    this.size = running.length;
    this.knownTokens = sum;
    this.longest = longest;
    return this.size > 0;
  }

  /** How many requests need a new block in pass number `pass` of the row. */
  crossingCount(pass: number): number {
    return this.counts[pass % this.blockSize]!;
  }

  /** The first of them, by place in running order; −1 = none. */
  firstCrossing(pass: number): number {
    return this.heads[pass % this.blockSize]!;
  }

  /** The one after, −1 = none. */
  nextCrossing(place: number): number {
    return this.next[place]!;
  }
}
