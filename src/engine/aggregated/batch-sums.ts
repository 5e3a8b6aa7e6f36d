/** What a pass computes beside the running decodes, summed while it is put together. */
export class BatchSums {
  /** Requests with a new prompt token; where their prompts' computed parts end and began (prefill price). */
  prefillRequests = 0;
  sumPrefillEnds = 0;
  sumPrefillPrefix = 0;
  /** All their scheduled tokens and all tokens they had before (forward-pass metrics). */
  prefillTokens = 0;
  prefillKvTokens = 0;
  /** Requests scheduled without a prompt token, and their prompt + generated tokens. */
  recomputeRequests = 0;
  recomputeKvTokens = 0;
  /** Requests scheduled with nothing to compute and nothing to emit. */
  private idleRequests = 0;
  /** Requests charged in the decode time of the pass that completes their prompt, and their tokens. */
  chargedRequests = 0;
  chargedTokens = 0;
  /** Requests that emit the token their completed sequence leads to. */
  emittingRequests = 0;
  /** Requests that want no output and whose prompt is complete. */
  withoutOutput = 0;

  reset(): void {
    this.prefillRequests = 0;
    this.sumPrefillEnds = 0;
    this.sumPrefillPrefix = 0;
    this.prefillTokens = 0;
    this.prefillKvTokens = 0;
    this.recomputeRequests = 0;
    this.recomputeKvTokens = 0;
    this.idleRequests = 0;
    this.chargedRequests = 0;
    this.chargedTokens = 0;
    this.emittingRequests = 0;
    this.withoutOutput = 0;
  }

  /** Requests counted, whatever they compute. */
  get requests(): number {
    return this.prefillRequests + this.recomputeRequests + this.idleRequests;
  }

  /**
   * Counts a request that computes its tokens `before`..`after`.
   * @param outputLimit tokens it generates in all
   * @returns whether one of them is a prompt token
   */
  count(promptLength: number, known: number, before: number, after: number, outputLimit: number): boolean {
    const prefix = before < promptLength ? before : promptLength;
    const end = after < promptLength ? after : promptLength;
    if (end > prefix) {
      this.prefillRequests++;
      this.sumPrefillEnds += end;
      this.sumPrefillPrefix += prefix;
      this.prefillTokens += after - before;
      this.prefillKvTokens += before;
      return true;
    }
    if (outputLimit === 0) this.idleRequests++;
    else {
      this.recomputeRequests++;
      this.recomputeKvTokens += known;
    }
    return false;
  }
}
