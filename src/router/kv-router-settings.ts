import type { ConditionalDisaggregation } from "./conditional-disaggregation.ts";
import { singleClassProfile, type PolicyProfile } from "./policy-profile.ts";

/** Settings of the KV-aware router, defaults filled in (engine-reference §6). */
export interface KvRouterSettings {
  /** Blocks of prefill a cached block is worth; 0 = caches are ignored. */
  readonly overlapScoreCredit: number;
  /** How fast the credit fades on targets with more prefill queued than the least loaded one; 0 = not at all. */
  readonly overlapScoreCreditDecay: number;
  readonly prefillLoadScale: number;
  /** Blocks added to a target's cost per active request. */
  readonly decodeActiveRequestWeight: number;
  /** 0 = always the cheapest; else targets are drawn with weights exp(−cost / temperature) of costs scaled to 0…1. */
  readonly temperature: number;
  readonly trackActiveBlocks: boolean;
  readonly trackPrefillTokens: boolean;
  /** Equal prompt blocks of active requests count once. */
  readonly assumeKvReuse: boolean;
  /** Without events from the engines: how long a prompt counts as cached where it was sent; null = engines tell. */
  readonly approximateCacheNs: number | null;
  /** Disaggregated runs: when a prompt is computed on its decode worker; null = never. */
  readonly conditionalDisaggregation: ConditionalDisaggregation | null;
  /** The queues of requests held back, and when requests are. */
  readonly policy: PolicyProfile;
}

/** The reference's defaults. */
export const kvRouterDefaults: KvRouterSettings = {
  overlapScoreCredit: 1,
  overlapScoreCreditDecay: 0,
  prefillLoadScale: 1,
  decodeActiveRequestWeight: 0,
  temperature: 0,
  trackActiveBlocks: true,
  trackPrefillTokens: true,
  assumeKvReuse: true,
  approximateCacheNs: null,
  conditionalDisaggregation: null,
  policy: singleClassProfile(null, "fcfs"),
};
