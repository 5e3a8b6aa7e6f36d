import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import type { RunResult } from "./schema.ts";

/** The cache tiers' figures as results name them. */
export function kvTiersOf(figures: KvTierFigures): NonNullable<RunResult["kv_tiers"]> {
  return {
    host_hit_tokens: figures.hostHitTokens,
    disk_hit_tokens: figures.diskHitTokens,
    object_hit_tokens: figures.objectHitTokens,
    onboardings: figures.onboardings,
    mean_onboarding_ms: figures.onboardings === 0 ? 0 : figures.onboardingNs / figures.onboardings / 1e6,
    offloaded_blocks: figures.offloadedBlocks,
    dropped_blocks: figures.droppedBlocks,
    disk_writes: figures.diskWrites,
    object_writes: figures.objectWrites,
    host_evictions: figures.hostEvictions,
    disk_evictions: figures.diskEvictions,
    stall_ms: figures.stallNs / 1e6,
  };
}
