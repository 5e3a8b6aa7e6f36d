import type { RequestState } from "./request-state.ts";

/** What one pass computes, summed while it is put together. */
export class Batch {
  /** Requests with a new prompt token, and the sums behind the mean lengths of the prefill price. */
  prefillRequests = 0;
  sumPrefillEnds = 0;
  sumPrefillPrefix = 0;
  /** The same requests as the forward-pass metrics count them: all their scheduled tokens, all tokens before. */
  scheduledPrefillTokens = 0;
  prefillKvTokens = 0;
  decodeRequests = 0;
  decodeKvTokens = 0;
  /** Requests that got anything; those with nothing to compute and nothing to emit count only here. */
  scheduled = 0;

  reset(): void {
    this.prefillRequests = 0;
    this.sumPrefillEnds = 0;
    this.sumPrefillPrefix = 0;
    this.scheduledPrefillTokens = 0;
    this.prefillKvTokens = 0;
    this.decodeRequests = 0;
    this.decodeKvTokens = 0;
    this.scheduled = 0;
  }

  /** Takes over another one's counts. */
  copy(from: Batch): void {
    this.prefillRequests = from.prefillRequests;
    this.sumPrefillEnds = from.sumPrefillEnds;
    this.sumPrefillPrefix = from.sumPrefillPrefix;
    this.scheduledPrefillTokens = from.scheduledPrefillTokens;
    this.prefillKvTokens = from.prefillKvTokens;
    this.decodeRequests = from.decodeRequests;
    this.decodeKvTokens = from.decodeKvTokens;
    this.scheduled = from.scheduled;
  }

  /** Counts `tokens` scheduled for a request (sign 1), or takes a victim's back (sign −1). */
  count(state: RequestState, sign: 1 | -1): void {
    const before = state.passBefore;
    const after = before + state.passScheduled;
    const prefix = Math.min(before, state.promptLength);
    const end = Math.min(after, state.promptLength);
    this.scheduled += sign;
    if (end > prefix) {
      this.prefillRequests += sign;
      this.sumPrefillEnds += sign * end;
      this.sumPrefillPrefix += sign * prefix;
      this.scheduledPrefillTokens += sign * state.passScheduled;
      this.prefillKvTokens += sign * before;
    } else if (state.outputLimit > 0) {
      this.decodeRequests += sign;
      this.decodeKvTokens += sign * (state.promptLength + state.generated);
    }
  }
}
