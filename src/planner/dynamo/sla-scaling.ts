import type { PublishedPass } from "../planner.ts";
import type { EngineEstimator } from "./engine-estimator.ts";
import { inIdentifierOrder } from "./engine-estimator.ts";
import { INSUFFICIENT_DATA, NO_CHANGE, wants } from "./load-decision.ts";
import type { PoolOpinion } from "./load-decision.ts";
import type { DynamoPlannerConfig, EngineCapabilities } from "./planner-config.ts";

/** What the latency of a pool calls for, and the latency estimated. */
export interface SlaOpinion extends PoolOpinion {
  /** The greatest estimate of any engine, ms; null when none could be made. */
  readonly estimateMs: number | null;
}

/** What an opinion is formed on. */
export interface SlaSituation {
  readonly passes: readonly PublishedPass[];
  /** Workers that are ready. */
  readonly workers: number;
  readonly estimator: EngineEstimator;
  readonly config: DynamoPlannerConfig;
  readonly engine: EngineCapabilities;
  readonly kvHitRate: number | null;
  /** Tokens a decode forward yields, ≥ 1. */
  readonly acceptLength: number;
}

/** Whether one engine could take its part of the load of a worker that leaves. */
type Consolidation = "fits" | "refused" | "unknown";

/**
 * What the time to first token calls for (planner-reference §4b): one more replica when every estimate is over the SLA;
 * one less when, with the queues of N engines on N − 1, the part of the wait that queues cause stays within `sensitivity`
 * percent of what the next request's own prefill leaves of the SLA.
 */
export function ttftOpinion(situation: SlaSituation): SlaOpinion {
  const { workers, estimator, config, kvHitRate } = situation;
  const aggregated = estimator.role === "aggregated";
  const survivors = consolidation(workers);
  // An aggregated survivor also inherits the decode load; a prefill worker has none.
  const shared = aggregated ? { decodeScale: survivors, includeQueuedDecode: true } : {};
  return combine(situation, config.ttftMs, {
    estimate: ({ pass }) => estimator.ttftMs(pass, { kvHitRate }),
    consolidate({ pass }) {
      const ownMs = estimator.ttftMs(pass, { kvHitRate, queueScale: 0, ...shared });
      if (ownMs === null) return "unknown";
      const budgetMs = (config.ttftMs - ownMs) * (config.loadScalingDownSensitivity / 100);
      const afterMs = estimator.ttftMs(pass, { kvHitRate, queueScale: survivors, ...shared });
      if (afterMs === null) return "unknown";
      return budgetMs <= 0 || afterMs - ownMs >= budgetMs ? "refused" : "fits";
    },
  });
}

/**
 * What the inter-token latency calls for: one more replica when every estimate is over the SLA; one less when the
 * context of N engines fits the caches of N − 1 and their latency stays under `sensitivity` percent of the SLA.
 */
export function itlOpinion(situation: SlaSituation): SlaOpinion {
  const { workers, estimator, config, engine, acceptLength } = situation;
  const aggregated = estimator.role === "aggregated";
  const survivors = consolidation(workers);
  return combine(situation, config.itlMs, {
    estimate({ pass }) {
      const passMs = estimator.decodePassMs(pass);
      return passMs === null ? null : passMs / acceptLength;
    },
    consolidate({ pass }) {
      const queuedPrefill = aggregated ? pass.sumQueuedPrefillTokens : 0;
      const context = Math.trunc((pass.sumDecodeKvTokens + pass.sumQueuedDecodeKvTokens + queuedPrefill) * survivors);
      if (engine.maxKvTokens > 0 && context >= engine.maxKvTokens) return "refused";
      const passMs = estimator.decodePassMs(pass, { decodeScale: survivors, queuedPrefillAsContext: aggregated });
      if (passMs === null) return "unknown";
      return passMs / acceptLength >= config.itlMs * (config.loadScalingDownSensitivity / 100) ? "refused" : "fits";
    },
  });
}

/** Load of a survivor when one of `workers` leaves, as a multiple of its load now. */
function consolidation(workers: number): number {
  return workers > 1 ? workers / (workers - 1) : 1;
}

interface Checks {
  estimate(published: PublishedPass): number | null;
  consolidate(published: PublishedPass): Consolidation;
}

function combine(situation: SlaSituation, slaMs: number, checks: Checks): SlaOpinion {
  const { workers, config } = situation;
  const estimates: number[] = [];
  let canShrink = workers > 1;
  let refused = false;
  for (const published of inIdentifierOrder(situation.passes)) {
    const estimate = checks.estimate(published);
    if (estimate !== null) estimates.push(estimate);
    if (!canShrink) continue;
    const consolidated = checks.consolidate(published);
    canShrink = consolidated === "fits";
    refused = consolidated === "refused";
  }
  const estimateMs = estimates.length === 0 ? null : Math.max(...estimates);
  const opinion = ((): PoolOpinion => {
    if (estimates.length === 0) return INSUFFICIENT_DATA;
    // One engine under the SLA is enough to hold, however long the others' queues (planner-reference §7.6).
    if (estimates.every((estimate) => estimate > slaMs)) return wants(workers + 1);
    return canShrink ? wants(Math.max(workers - 1, config.minEndpoint)) : NO_CHANGE;
  })();
  if (opinion.replicas === null && refused) {
    return { replicas: null, reason: "scale_down_refused_consolidation", estimateMs };
  }
  return { ...opinion, estimateMs };
}
