/**
 * Forward-pass metrics of one completed pass of one rank, as a live engine would publish them (engine-reference §4.6,
 * planner-findings §3). Built at the start of the pass, published at its end.
 */
export interface ForwardPass {
  /** Start and end of the pass, ns. */
  startNs: number;
  endNs: number;
  /** Requests with at least one prompt token computed in the pass. */
  numPrefillRequests: number;
  /** All tokens scheduled for them (recomputed generated ones of a preempted request included). */
  sumPrefillTokens: number;
  /** Tokens of theirs computed or cached before. */
  sumPrefillKvTokens: number;
  /** Requests scheduled without a prompt token. */
  numDecodeRequests: number;
  /** Their prompt + generated tokens before this pass's token. */
  sumDecodeKvTokens: number;
  /** Waiting, never preempted, at the start of the pass. */
  numQueuedPrefill: number;
  /** Their full prompt lengths. */
  sumQueuedPrefillTokens: number;
  /** Preempted requests waiting (and, in disaggregation, hand-offs pending) at the start of the pass. */
  numQueuedDecode: number;
  /** Their prompt + generated tokens. */
  sumQueuedDecodeKvTokens: number;
  /** Tokens emitted and requests that emitted (accept length = tokens / forwards under speculative decoding). */
  emittedTokens: number;
  emittingRequests: number;
  /** Blocks referenced after the pass's allocations, of the pool. */
  activeBlocks: number;
  /** Prompt tokens still to compute of requests already running (the rest of a chunked prompt). */
  remainingPrefillTokens: number;
}

/** A record of nothing: what an idle engine publishes. */
export function emptyForwardPass(): ForwardPass {
  return {
    startNs: 0,
    endNs: 0,
    numPrefillRequests: 0,
    sumPrefillTokens: 0,
    sumPrefillKvTokens: 0,
    numDecodeRequests: 0,
    sumDecodeKvTokens: 0,
    numQueuedPrefill: 0,
    sumQueuedPrefillTokens: 0,
    numQueuedDecode: 0,
    sumQueuedDecodeKvTokens: 0,
    emittedTokens: 0,
    emittingRequests: 0,
    activeBlocks: 0,
    remainingPrefillTokens: 0,
  };
}

/** Makes one record equal to another. */
export function copyForwardPass(from: Readonly<ForwardPass>, to: ForwardPass): void {
  to.startNs = from.startNs;
  to.endNs = from.endNs;
  to.numPrefillRequests = from.numPrefillRequests;
  to.sumPrefillTokens = from.sumPrefillTokens;
  to.sumPrefillKvTokens = from.sumPrefillKvTokens;
  to.numDecodeRequests = from.numDecodeRequests;
  to.sumDecodeKvTokens = from.sumDecodeKvTokens;
  to.numQueuedPrefill = from.numQueuedPrefill;
  to.sumQueuedPrefillTokens = from.sumQueuedPrefillTokens;
  to.numQueuedDecode = from.numQueuedDecode;
  to.sumQueuedDecodeKvTokens = from.sumQueuedDecodeKvTokens;
  to.emittedTokens = from.emittedTokens;
  to.emittingRequests = from.emittingRequests;
  to.activeBlocks = from.activeBlocks;
  to.remainingPrefillTokens = from.remainingPrefillTokens;
}
