import { knownTokens, type RequestState } from "./request-state.ts";
import type { PagedKvCache } from "./paged-kv-cache.ts";
import type { VllmScheduler } from "./vllm-scheduler.ts";
import type { EngineConfig } from "../engine-config.ts";

/** What the reservation needs of a rank. */
export interface BurstHost {
  readonly cache: PagedKvCache;
  readonly scheduler: VllmScheduler;
  readonly engineConfig: EngineConfig;
  readonly readyRequests: readonly RequestState[];
  /** Finds the ready requests anew. */
  collectReady(): void;
}

/**
 * Makes room for the longest burst of every ready request before it is drawn, preempting where the pool is short
 * (other-engines-findings §3.18). Blocks the burst does not use stay free; what was evicted for them stays evicted.
 * @returns whether a request was preempted
 */
export function reserveBurst(host: BurstHost): boolean {
  let preempted = false;
  for (;;) {
    const needed = burstBlocks(host.readyRequests, host.scheduler.room.longestBurst, host.engineConfig.blockSize);
    if (needed <= host.cache.availableBlocks) {
      host.cache.ensureFree(needed);
      return preempted;
    }
    host.scheduler.preempt(host.scheduler.victimIndex());
    host.collectReady();
    preempted = true;
  }
}

function burstBlocks(ready: readonly RequestState[], longest: number, blockSize: number): number {
  let blocks = 0;
  for (const state of ready) {
    const known = knownTokens(state);
    const burst = Math.min(longest, state.outputLimit - state.generated);
    blocks += Math.ceil((known + burst) / blockSize) - Math.ceil(known / blockSize);
  }
  return blocks;
}
