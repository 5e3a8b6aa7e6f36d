import { shareOf } from "./policy-profile.ts";

/** When a request of a disaggregated run skips the prefill pool and computes its prompt where it decodes. */
export interface ConditionalDisaggregation {
  /** "isl_bounding": little is left to compute; "prefill_load": the prefill pool is busy; "isl_or_load": either. */
  readonly policy: "isl_bounding" | "prefill_load" | "isl_or_load";
  /** Uncached prompt tokens, and their share of the prompt, below which little is left to compute. */
  readonly uncachedTokens: number;
  readonly uncachedShare: number;
  /** A prefill worker is busy with more prefill tokens than this share of a pass's; null = never. */
  readonly prefillBusyShare: number | null;
  /** A decode worker is too full to compute prompts with more prompt blocks than this share of its pool; null = never. */
  readonly decodeBusyShare: number | null;
}

/** The two workers a request would go to. */
export interface ConditionalDisaggregationState {
  readonly inputLength: number;
  /** Prompt tokens the decode worker has cached, and prompt blocks active there. */
  readonly cachedTokens: number;
  readonly decodeBlocks: number;
  /** Blocks of the decode worker's pool. */
  readonly decodePoolBlocks: number;
  /** Prompt tokens the prefill worker has to compute, and a pass of it can; null = there is no prefill worker. */
  readonly prefillTokens: number | null;
  readonly maxBatchedTokens: number;
}

/** Whether the decode worker computes the prompt itself. */
export function computesLocally(rule: ConditionalDisaggregation, state: ConditionalDisaggregationState): boolean {
  const { decodeBusyShare } = rule;
  if (decodeBusyShare !== null && state.decodeBlocks > decodeBusyShare * state.decodePoolBlocks) return false;
  const byLength = rule.policy !== "prefill_load" && hasLittleLeft(rule, state);
  return byLength || (rule.policy !== "isl_bounding" && prefillIsBusy(rule, state));
}

function hasLittleLeft(rule: ConditionalDisaggregation, state: ConditionalDisaggregationState): boolean {
  const uncached = Math.max(0, state.inputLength - state.cachedTokens);
  return uncached < rule.uncachedTokens && uncached / Math.max(1, state.inputLength) < rule.uncachedShare;
}

function prefillIsBusy(
  { prefillBusyShare }: ConditionalDisaggregation,
  state: ConditionalDisaggregationState,
): boolean {
  if (prefillBusyShare === null || state.prefillTokens === null) return false;
  return state.prefillTokens > shareOf(state.maxBatchedTokens, prefillBusyShare);
}
