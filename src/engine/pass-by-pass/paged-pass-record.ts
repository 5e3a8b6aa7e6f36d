import type { ForwardPass } from "../forward-pass.ts";
import type { Batch } from "./batch.ts";
import type { VllmScheduler } from "./vllm-scheduler.ts";

/**
 * Fills all of the record but the blocks in use, as the pass stands at its start.
 * @param counted what the pass computes
 * @param bursts tokens each ready request emits
 */
export function recordPagedPass(
  pass: ForwardPass,
  startNs: number,
  counted: Batch,
  { waiting, running, onboarding }: VllmScheduler,
  bursts: readonly number[],
): void {
  pass.startNs = startNs;
  pass.numPrefillRequests = counted.prefillRequests;
  pass.sumPrefillTokens = counted.scheduledPrefillTokens;
  pass.sumPrefillKvTokens = counted.prefillKvTokens;
  pass.numDecodeRequests = counted.decodeRequests;
  pass.sumDecodeKvTokens = counted.decodeKvTokens;
  pass.numQueuedPrefill = waiting.prefillRequests;
  pass.sumQueuedPrefillTokens = waiting.prefillTokens;
  if (onboarding !== null) {
    for (const state of onboarding.requests) {
      pass.numQueuedPrefill++;
      pass.sumQueuedPrefillTokens += state.promptLength;
    }
  }
  pass.numQueuedDecode = waiting.decodeRequests;
  pass.sumQueuedDecodeKvTokens = waiting.decodeTokens;
  pass.remainingPrefillTokens = 0;
  for (const state of running) {
    if (state.computed < state.promptLength) pass.remainingPrefillTokens += state.promptLength - state.computed;
  }
  pass.emittingRequests = 0;
  pass.emittedTokens = 0;
  for (const tokens of bursts) {
    if (tokens > 0) pass.emittingRequests++;
    pass.emittedTokens += tokens;
  }
}
