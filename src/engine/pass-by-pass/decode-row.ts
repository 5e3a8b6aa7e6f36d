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
  /** By (pass number mod block size): the requests that need a new block then. */
  private readonly crossing: RequestState[][];
  private readonly blockSize: number;

  constructor(blockSize: number) {
    this.blockSize = blockSize;
    this.crossing = Array.from({ length: blockSize }, () => []);
  }

  /**
   * Arranges the running requests for a row that starts with pass 0.
   * @returns false when one of them cannot be in a row: its prompt is not complete, its last token is due, or its
   * second token is
   */
  arrange(running: readonly RequestState[]): boolean {
    for (const requests of this.crossing) requests.length = 0;
    this.size = running.length;
    this.knownTokens = 0;
    this.longest = Infinity;
    const { blockSize } = this;
    for (const state of running) {
      const known = state.promptLength + state.generated;
      const left = state.outputLimit - state.generated - 1;
      if (state.computed !== known - 1 || left < 1 || state.generated < 2) return false;
      this.knownTokens += known;
      if (left < this.longest) this.longest = left;
      const phase = (blockSize - (state.computed % blockSize)) % blockSize;
      this.crossing[phase]!.push(state);
    }
    return this.size > 0;
  }

  /** Requests that need a new block in pass number `pass` of the row. */
  crossingAt(pass: number): readonly RequestState[] {
    return this.crossing[pass % this.blockSize]!;
  }
}
