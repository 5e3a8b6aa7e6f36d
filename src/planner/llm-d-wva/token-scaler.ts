import type { Observation, PoolObservation } from "../planner.ts";
import type { PolicyPool } from "../policy.ts";
import { currentReplicas, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { GaugePeaks } from "./gauge-peaks.ts";
import { RecentShape } from "./recent-shape.ts";
import { TokenSaturation } from "./token-saturation.ts";
import type { WvaKnobs } from "./wva-knobs.ts";

/** Window of its queries for mean prompts and answers. */
const shapeWindowSeconds = 300;

/**
 * As many replicas more as the saturation analysis by tokens finds missing, or as many less as it finds to spare; those that
 * start count as capacity to come, those that stop as replicas (`CostAwareOptimizer` of internal/engines/pipeline).
 */
export class TokenScaler implements PoolScaler {
  private readonly intervalSeconds: number;
  private readonly peaks: GaugePeaks;
  private readonly recent = new RecentShape(shapeWindowSeconds);
  private readonly saturation: TokenSaturation;

  constructor(knobs: WvaKnobs, { name, kvCapacityTokens, maxBatchedTokens, maxSequences }: PolicyPool) {
    this.intervalSeconds = knobs.optimization_interval_seconds;
    this.peaks = new GaugePeaks(knobs.look_back_seconds);
    this.saturation = new TokenSaturation(
      {
        kvCacheThreshold: knobs.kv_cache_threshold,
        queueLengthThreshold: knobs.queue_length_threshold,
        scaleUpThreshold: knobs.scale_up_threshold,
        scaleDownBoundary: knobs.scale_down_boundary,
      },
      { kvCapacityTokens, maxBatchedTokens, maxSequences, isPrefill: name === "prefill" },
    );
  }

  decide(pool: PoolObservation, { nowSeconds, traffic }: Observation): PoolDecision {
    this.peaks.read(pool, nowSeconds);
    this.recent.add(traffic, nowSeconds);
    const current = currentReplicas(pool);
    if (nowSeconds % this.intervalSeconds !== 0) return { replicas: current, reason: "Between two decisions." };
    const loads = this.peaks.of([...pool.activeIds, ...pool.drainingIds]);
    if (loads.length === 0) return { replicas: current, reason: "No replica reports its metrics yet." };
    const { perReplica, demand, required, spare } = this.saturation.analyse(
      loads,
      pool.startingIds.length,
      this.recent.shape,
    );
    const more = perReplica > 0 ? Math.ceil(required / perReplica) : 0;
    const fewer = perReplica > 0 && required === 0 ? Math.floor(spare / perReplica) : 0;
    const replicas = more > 0 ? current + more : Math.max(Math.min(1, current), current - fewer);
    const words = replicas > current ? `${more} more` : replicas < current ? `${current - replicas} less` : "no change";
    return {
      replicas,
      reason: `Demand of ${demand} tokens, ${perReplica} a replica, ${Math.round(required)} missing, ${Math.round(spare)} to spare: ${words}.`,
      record: { demand_tokens: demand, tokens_a_replica: perReplica, required_tokens: required, spare_tokens: spare },
    };
  }
}
