import type { KvRouterSettings } from "./kv-router-settings.ts";

/** Which costs a pool has: prefill workers hold no decoding requests, decode workers compute no prompts. */
export type RouterRole = "aggregated" | "prefill" | "decode";

/** What the cost of sending a request to a target depends on. */
export interface TargetState {
  /** Prompt tokens it has been sent and not yet computed, and the least any target has. */
  prefillTokens: number;
  leastPrefillTokens: number;
  /** Leading blocks of the prompt it has cached. */
  overlapBlocks: number;
  /** Prompt blocks active there if the request joined. */
  activeBlocks: number;
  activeRequests: number;
}

/**
 * The cost of a target in blocks (engine-reference §6): the prefill it would have queued less what its cache saves, plus
 * the prompt blocks and requests it would hold. The order of the operations decides which costs are equal.
 */
export function targetCost(
  settings: KvRouterSettings,
  role: RouterRole,
  inputLength: number,
  blockSize: number,
  target: Readonly<TargetState>,
): number {
  let cost = 0;
  if (role === "decode") {
    // Only where decode workers may compute prompts do their caches count.
    const saved = settings.conditionalDisaggregation === null ? 0 : settings.overlapScoreCredit * target.overlapBlocks;
    if (settings.trackActiveBlocks) cost = Math.max(0, target.activeBlocks - saved);
  } else {
    const tokens = settings.trackPrefillTokens ? target.prefillTokens + inputLength : 0;
    let credit = settings.overlapScoreCredit;
    if (settings.trackPrefillTokens && settings.overlapScoreCreditDecay > 0) {
      const excessBlocks = (target.prefillTokens - target.leastPrefillTokens) / blockSize;
      const excess = excessBlocks / Math.ceil(inputLength / blockSize);
      credit *= 1 / (1 + settings.overlapScoreCreditDecay * excess);
    }
    cost = settings.prefillLoadScale * Math.max(0, tokens / blockSize - credit * target.overlapBlocks);
  }
  if (role === "aggregated" && settings.trackActiveBlocks) cost += target.activeBlocks;
  return cost + settings.decodeActiveRequestWeight * target.activeRequests;
}
