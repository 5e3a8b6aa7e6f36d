import type { ForwardPass } from "../forward-pass.ts";
import type { EmittingRequests } from "./emitting-requests.ts";
import { sequenceLength } from "./sglang-request.ts";
import type { SglangScheduler } from "./sglang-scheduler.ts";

/** A pass as it stands at its start. */
export interface SglangPass {
  readonly startNs: number;
  readonly scheduler: SglangScheduler;
  /** Requests that emit, and the tokens of each. */
  readonly emitting: EmittingRequests;
  /** Requests retracted in it, and the tokens they have. */
  readonly retracted: { readonly requests: number; readonly tokens: number };
  /** It computes prompts and nobody decodes. */
  readonly prefillOnly: boolean;
  /** The rules under which prompts have passes of their own. */
  readonly prefillFirst: boolean;
}

/** Fills all of the record but the pages in use. */
export function recordSglangPass(pass: ForwardPass, from: SglangPass): void {
  const { scheduler, prefillFirst } = from;
  const { states: emitting, bursts } = from.emitting;
  const { batch } = scheduler;
  pass.startNs = from.startNs;
  pass.numPrefillRequests = batch.computingRequests;
  pass.sumPrefillTokens = batch.computedTokens;
  pass.sumPrefillKvTokens = batch.prefixTokens;
  pass.numDecodeRequests = 0;
  pass.sumDecodeKvTokens = 0;
  if (!from.prefillOnly) {
    for (const state of emitting) {
      // 1.4.2 counts a request that completes its prompt among the decodes too.
      pass.numDecodeRequests++;
      pass.sumDecodeKvTokens += sequenceLength(state);
    }
  }
  if (!prefillFirst) {
    // 1.4.2 counts decodes before it retracts, and the queue after it.
    pass.numDecodeRequests += from.retracted.requests;
    pass.sumDecodeKvTokens += from.retracted.tokens;
  }
  pass.numQueuedPrefill = 0;
  pass.sumQueuedPrefillTokens = 0;
  pass.numQueuedDecode = 0;
  pass.sumQueuedDecodeKvTokens = 0;
  pass.remainingPrefillTokens = 0;
  for (const state of scheduler.waiting) {
    if (state.retracted) {
      pass.numQueuedDecode++;
      pass.sumQueuedDecodeKvTokens += sequenceLength(state);
    } else if (prefillFirst && state.materialised > 0) {
      pass.remainingPrefillTokens += state.promptLength - state.materialised;
    } else {
      pass.numQueuedPrefill++;
      pass.sumQueuedPrefillTokens += state.promptLength;
    }
  }
  for (const state of scheduler.onboarding?.requests ?? []) {
    pass.numQueuedPrefill++;
    pass.sumQueuedPrefillTokens += state.promptLength;
  }
  pass.emittingRequests = emitting.length;
  pass.emittedTokens = 0;
  for (const tokens of bursts) pass.emittedTokens += tokens;
}
