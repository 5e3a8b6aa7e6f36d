/** The prefill part of one pass, summed while it is put together. */
export class PrefillBatch {
  requests = 0;
  sumEnds = 0;
  sumPrefix = 0;
  /** The same for forward-pass metrics: requests with a token to compute. */
  computingRequests = 0;
  computedTokens = 0;
  prefixTokens = 0;

  reset(): void {
    this.requests = 0;
    this.sumEnds = 0;
    this.sumPrefix = 0;
    this.computingRequests = 0;
    this.computedTokens = 0;
    this.prefixTokens = 0;
  }

  /** A request computes tokens [prefix, end) of its sequence. */
  add(prefix: number, end: number): void {
    this.requests++;
    this.sumEnds += end;
    this.sumPrefix += prefix;
    if (end === prefix) return;
    this.computingRequests++;
    this.computedTokens += end - prefix;
    this.prefixTokens += prefix;
  }
}
