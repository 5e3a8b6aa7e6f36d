import type { PublishedPass } from "../planner.ts";
import type { EngineEstimator } from "./engine-estimator.ts";
import { clampPairToBudget, clampToBudget } from "./gpu-budget.ts";
import type { GpuBudget } from "./gpu-budget.ts";
import type { LoadReason, PoolOpinion } from "./load-decision.ts";
import { INSUFFICIENT_DATA } from "./load-decision.ts";
import type { DynamoPlannerConfig, EngineCapabilities, PlannerCapabilities } from "./planner-config.ts";
import type { ReplicaTargets } from "./replica-targets.ts";
import { itlOpinion, ttftOpinion } from "./sla-scaling.ts";
import type { SlaSituation } from "./sla-scaling.ts";
import { cacheOpinion, prefillOpinion } from "./threshold-scaling.ts";

/** One pool as load scaling sees it. */
export interface PoolLoad {
  readonly passes: readonly PublishedPass[];
  /** Ready workers. */
  readonly workers: number;
  /** Whether a change of the pool has not arrived yet. */
  readonly scalingInProgress: boolean;
  /** Least replicas the throughput loop asks for; 0 when it is off. */
  readonly floor: number;
  readonly engine: EngineCapabilities;
  /** Learned pass times; null with targets other than "sla". */
  readonly estimator: EngineEstimator | null;
}

/** What load scaling decided on a tick. */
export interface LoadOutcome {
  readonly targets: ReplicaTargets | null;
  readonly reason: LoadReason;
  /** Only in disaggregated mode. */
  readonly prefillReason: LoadReason | null;
  readonly decodeReason: LoadReason | null;
  readonly estimatedTtftMs: number | null;
  readonly estimatedItlMs: number | null;
}

/** Settings and last seen values all pools share. */
export interface LoadContext {
  readonly config: DynamoPlannerConfig;
  readonly kvHitRate: number | null;
  readonly acceptLength: number;
}

/** Reactive scaling of an aggregated pool: gates, opinions of both latencies, floor, budget (planner-reference §4). */
export function scaleAggregated(pool: PoolLoad, context: LoadContext): LoadOutcome {
  const { config } = context;
  const { workers } = pool;
  if (pool.passes.length === 0) return outcome("no_fpm_data");
  if (pool.scalingInProgress) return outcome("scaling_in_progress");
  if (!coversEveryWorker(pool)) return outcome("worker_count_mismatch");

  if (pool.estimator === null) {
    const opinion = cacheOpinion(pool.passes, workers, config, pool.engine);
    if (opinion.replicas === null) return outcome(opinion.reason ?? "no_change");
    const desired = bounded(opinion.replicas, pool, config);
    return { ...outcome(direction(desired, workers)), targets: { prefill: null, decode: desired } };
  }

  if (!pool.estimator.isReady()) return outcome("insufficient_data");
  const situation = slaSituation(pool, pool.estimator, context);
  const chunked = pool.engine.maxNumBatchedTokens !== null;
  const ttft = chunked ? ttftOpinion(situation) : { ...INSUFFICIENT_DATA, estimateMs: null };
  const itl = itlOpinion(situation);
  const estimates = { estimatedTtftMs: ttft.estimateMs, estimatedItlMs: itl.estimateMs };
  const wanted = combineLatencies(ttft, itl, workers);
  const desired = bounded(wanted, pool, config);
  const capped = desired > wanted && wanted < workers;
  if (desired === workers) {
    const refused = [ttft, itl].some(({ reason }) => reason === "scale_down_refused_consolidation");
    const held = refused ? "scale_down_refused_consolidation" : "no_change";
    return { ...outcome(capped ? "scale_down_capped_by_throughput" : held), ...estimates };
  }
  const reason = desired < workers && capped ? "scale_down_capped_by_throughput" : direction(desired, workers);
  return { ...outcome(reason), ...estimates, targets: { prefill: null, decode: desired } };
}

/** Reactive scaling of a prefill and a decode pool; either one in transition holds both (planner-reference §4). */
export function scaleDisaggregated(
  prefill: PoolLoad,
  decode: PoolLoad,
  capabilities: PlannerCapabilities,
  context: LoadContext,
): LoadOutcome {
  const { config } = context;
  if (prefill.passes.length === 0 && decode.passes.length === 0) return both("no_fpm_data");
  if (prefill.scalingInProgress || decode.scalingInProgress) return both("scaling_in_progress");
  for (const pool of [prefill, decode]) {
    if (pool.passes.length > 0 && !coversEveryWorker(pool)) return both("worker_count_mismatch");
  }

  const ttft = prefill.passes.length === 0 ? null : poolOpinion(prefill, prefillOpinion, ttftOpinion, context);
  const itl = decode.passes.length === 0 ? null : poolOpinion(decode, cacheOpinion, itlOpinion, context);
  const estimates = { estimatedTtftMs: ttft?.estimateMs ?? null, estimatedItlMs: itl?.estimateMs ?? null };

  const wanted = [ttft?.replicas ?? prefill.workers, itl?.replicas ?? decode.workers] as const;
  const floored = [Math.max(wanted[0], prefill.floor), Math.max(wanted[1], decode.floor)] as const;
  const [finalPrefill, finalDecode] = clampPairToBudget(
    [Math.max(floored[0], config.minEndpoint), Math.max(floored[1], config.minEndpoint)],
    [capabilities.prefill?.gpusPerWorker ?? 1, capabilities.decode.gpusPerWorker],
    budgetOf(config),
  );
  const prefillReason = pairReason(finalPrefill, wanted[0], floored[0], prefill.workers);
  const decodeReason = pairReason(finalDecode, wanted[1], floored[1], decode.workers);

  if (finalPrefill === prefill.workers && finalDecode === decode.workers) {
    const informative = [ttft?.reason, itl?.reason].map((reason) => (reason === "no_change" ? null : (reason ?? null)));
    return {
      targets: null,
      reason: informative[0] ?? informative[1] ?? foremost(prefillReason, decodeReason),
      prefillReason: informative[0] ?? prefillReason,
      decodeReason: informative[1] ?? decodeReason,
      ...estimates,
    };
  }
  return {
    targets: { prefill: finalPrefill, decode: finalDecode },
    reason: foremost(prefillReason, decodeReason),
    prefillReason,
    decodeReason,
    ...estimates,
  };
}

/** The GPU budget of a configuration: fewest and most GPUs, and the fewest replicas of a pool. */
export function budgetOf({ minGpuBudget, maxGpuBudget, minEndpoint }: DynamoPlannerConfig): GpuBudget {
  return { minGpus: minGpuBudget, maxGpus: maxGpuBudget, minEndpoint };
}

function outcome(reason: LoadReason): LoadOutcome {
  return {
    targets: null,
    reason,
    prefillReason: null,
    decodeReason: null,
    estimatedTtftMs: null,
    estimatedItlMs: null,
  };
}

function both(reason: LoadReason): LoadOutcome {
  return { ...outcome(reason), prefillReason: reason, decodeReason: reason };
}

/** Whether every ready worker has published, with the same ranks each. */
function coversEveryWorker({ passes, workers }: PoolLoad): boolean {
  const ranks = new Map<number, number>();
  for (const { workerId } of passes) ranks.set(workerId, (ranks.get(workerId) ?? 0) + 1);
  return ranks.size === workers && new Set(ranks.values()).size <= 1;
}

function slaSituation(pool: PoolLoad, estimator: EngineEstimator, context: LoadContext): SlaSituation {
  const { passes, workers, engine } = pool;
  return { passes, workers, engine, estimator, ...context };
}

function poolOpinion(
  pool: PoolLoad,
  byThreshold: typeof prefillOpinion,
  bySla: typeof ttftOpinion,
  context: LoadContext,
): PoolOpinion & { readonly estimateMs: number | null } {
  const { passes, workers, engine, estimator } = pool;
  if (estimator === null) return { ...byThreshold(passes, workers, context.config, engine), estimateMs: null };
  const blind = estimator.role === "prefill" && engine.maxNumBatchedTokens === null;
  if (!estimator.isReady() || workers === 0 || blind) return { ...INSUFFICIENT_DATA, estimateMs: null };
  return bySla(slaSituation(pool, estimator, context));
}

/**
 * One wish out of two latencies: growth wins; shrinking needs both, or the inter-token latency alone when the time to
 * first token has no opinion (a refusal is an opinion: hold).
 */
function combineLatencies(ttft: PoolOpinion, itl: PoolOpinion, workers: number): number {
  const hold = ({ replicas, reason }: PoolOpinion): number | null =>
    reason === "scale_down_refused_consolidation" ? workers : replicas;
  const first = hold(ttft);
  const between = hold(itl);
  if (first !== null && first > workers) return first;
  if (between === null) return workers;
  if (between > workers) return between;
  if (between < workers && (first === null || first < workers)) return Math.max(first ?? between, between);
  return workers;
}

function bounded(replicas: number, pool: PoolLoad, config: DynamoPlannerConfig): number {
  const floored = Math.max(replicas, config.minEndpoint, pool.floor);
  return clampToBudget(floored, pool.engine.gpusPerWorker, budgetOf(config));
}

function direction(desired: number, workers: number): LoadReason {
  if (desired === workers) return "no_change";
  return desired > workers ? "scale_up" : "scale_down";
}

function pairReason(final: number, wanted: number, floored: number, workers: number): LoadReason {
  if (final > workers) return "scale_up";
  const capped = floored > wanted && wanted < workers;
  return capped ? "scale_down_capped_by_throughput" : direction(final, workers);
}

const FOREMOST_FIRST: readonly LoadReason[] = [
  "scale_up",
  "scale_down_capped_by_throughput",
  "scale_down",
  "no_change",
];

function foremost(prefill: LoadReason, decode: LoadReason): LoadReason {
  return FOREMOST_FIRST.find((reason) => reason === prefill || reason === decode) ?? "no_change";
}
