import type { EngineEstimator } from "./engine-estimator.ts";
import { clampPairToBudget, clampToBudget } from "./gpu-budget.ts";
import { budgetOf } from "./load-scaling.ts";
import type { DynamoPlannerConfig, PlannerCapabilities } from "./planner-config.ts";
import type { ReplicaTargets } from "./replica-targets.ts";

/** Why throughput scaling did what it did on a tick; `docs/planner.md` explains each. */
export type ThroughputReason =
  | "no_traffic_data"
  | "model_not_ready"
  | "partner_not_ready"
  | "set_lower_bound"
  | "scale";

/** Traffic forecast for the next interval. */
export interface TrafficForecast {
  /** Requests offered in an interval. */
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Last observed hit rate; not forecast. */
  readonly kvHitRate: number | null;
}

/** What throughput scaling decided on a tick. */
export interface ThroughputOutcome {
  readonly forecast: TrafficForecast | null;
  /** Replicas to set now; null when they only became floors, or nothing was decided. */
  readonly targets: ReplicaTargets | null;
  /** New floors for load scaling; null = keep the old ones. */
  readonly floors: ReplicaTargets | null;
  /** Requests a second one engine sustains. */
  readonly engineRps: ReplicaTargets;
  readonly reason: ThroughputReason;
  /** Only in disaggregated mode. */
  readonly prefillReason: ThroughputReason | null;
  readonly decodeReason: ThroughputReason | null;
}

/** What a throughput decision is made on. */
export interface ThroughputSituation {
  readonly config: DynamoPlannerConfig;
  readonly capabilities: PlannerCapabilities;
  /** Learned pass times; the aggregated pool's are `decode`. */
  readonly estimators: { readonly prefill: EngineEstimator | null; readonly decode: EngineEstimator };
  readonly forecast: TrafficForecast;
  /** Length of the window the forecast's last point was observed in. */
  readonly windowSeconds: number;
  readonly acceptLength: number;
}

const NO_RATES: ReplicaTargets = { prefill: null, decode: null };

/**
 * Predictive scaling: replicas whose engines, each at its best operating point within the SLA, carry the forecast
 * demand. With load scaling on they become floors for it, else targets (planner-reference §3).
 */
export function scaleForThroughput(situation: ThroughputSituation): ThroughputOutcome {
  const { config, forecast, windowSeconds } = situation;
  if (windowSeconds <= 0) return outcome(forecast, "no_traffic_data");
  const demandRps = forecast.requests / windowSeconds;
  return config.mode === "agg" ? scaleAggregated(situation, demandRps) : scalePools(situation, demandRps);
}

/** An outcome without a decision. */
export function outcome(forecast: TrafficForecast | null, reason: ThroughputReason): ThroughputOutcome {
  return {
    forecast,
    targets: null,
    floors: null,
    engineRps: NO_RATES,
    reason,
    prefillReason: null,
    decodeReason: null,
  };
}

function scaleAggregated(situation: ThroughputSituation, demandRps: number): ThroughputOutcome {
  const { config, capabilities, estimators, forecast } = situation;
  const engine = capabilities.decode;
  const demand = engine.maxNumBatchedTokens === null ? NO_DEMAND : replicasFor(demandRps, estimators.decode, situation);
  if (demand.replicas === null) return outcome(forecast, "model_not_ready");
  const engineRps = { prefill: demand.engineRps, decode: demand.engineRps };
  if (config.enableLoadScaling) {
    return {
      ...outcome(forecast, "set_lower_bound"),
      engineRps,
      floors: { prefill: null, decode: demand.replicas },
    };
  }
  const replicas = clampToBudget(Math.max(demand.replicas, config.minEndpoint), engine.gpusPerWorker, budgetOf(config));
  return { ...outcome(forecast, "scale"), engineRps, targets: { prefill: null, decode: replicas } };
}

function scalePools(situation: ThroughputSituation, demandRps: number): ThroughputOutcome {
  const { config, capabilities, estimators, forecast } = situation;
  const prefill = estimators.prefill === null ? NO_DEMAND : replicasFor(demandRps, estimators.prefill, situation);
  const decode = replicasFor(demandRps, estimators.decode, situation);
  const engineRps = { prefill: prefill.engineRps, decode: decode.engineRps };
  if (prefill.replicas === null || decode.replicas === null) {
    const blocked = ({ replicas }: PoolDemand): ThroughputReason =>
      replicas === null ? "model_not_ready" : "partner_not_ready";
    return {
      ...outcome(forecast, "model_not_ready"),
      engineRps,
      prefillReason: blocked(prefill),
      decodeReason: blocked(decode),
    };
  }
  const reason = config.enableLoadScaling ? "set_lower_bound" : "scale";
  const decided = { ...outcome(forecast, reason), engineRps, prefillReason: reason, decodeReason: reason } as const;
  if (config.enableLoadScaling) {
    return { ...decided, floors: { prefill: prefill.replicas, decode: decode.replicas } };
  }
  const [newPrefill, newDecode] = clampPairToBudget(
    [prefill.replicas, decode.replicas],
    [capabilities.prefill?.gpusPerWorker ?? 1, capabilities.decode.gpusPerWorker],
    budgetOf(config),
  );
  return { ...decided, targets: { prefill: newPrefill, decode: newDecode } };
}

/** Replicas of a pool that carry a demand; null = the model cannot tell. */
interface PoolDemand {
  readonly replicas: number | null;
  readonly engineRps: number | null;
}

const NO_DEMAND: PoolDemand = { replicas: null, engineRps: null };

function replicasFor(
  demandRps: number,
  estimator: EngineEstimator,
  { config, forecast, acceptLength }: ThroughputSituation,
): PoolDemand {
  const capacity = estimator.capacity({
    inputTokens: forecast.inputTokens,
    outputTokens: forecast.outputTokens,
    ttftSlaMs: config.ttftMs,
    itlSlaMs: config.itlMs,
    kvHitRate: estimator.role === "decode" ? null : forecast.kvHitRate,
    acceptLength,
  });
  if (capacity === null || !(capacity.requestsPerSecond > 0)) return NO_DEMAND;
  const engineRps = capacity.requestsPerSecond;
  return { replicas: Math.max(Math.ceil(demandRps / engineRps), config.minEndpoint), engineRps };
}
