import type { PublishedPass } from "../planner.ts";
import { INSUFFICIENT_DATA, NO_CHANGE, wants } from "./load-decision.ts";
import type { PoolOpinion } from "./load-decision.ts";
import type { DynamoPlannerConfig, EngineCapabilities } from "./planner-config.ts";

/** Load values at which a pool grows and shrinks. */
interface Thresholds {
  readonly up: number;
  /** Whether a value equal to `up` already counts. */
  readonly upInclusive: boolean;
  readonly down: number;
  readonly downInclusive: boolean;
}

/** Queued prompt tokens as a part of the context length (planner-reference §4a). */
const QUEUE_THRESHOLDS = {
  throughput: { up: 1, upInclusive: true, down: 0.1, downInclusive: false },
  latency: { up: 0.1, upInclusive: true, down: 0, downInclusive: true },
} as const satisfies Record<string, Thresholds>;

/** Key-value tokens as a part of the engine's cache. */
const CACHE_THRESHOLDS = {
  throughput: { up: 1, upInclusive: false, down: 0.6, downInclusive: false },
  latency: { up: 0.4, upInclusive: false, down: 0.1, downInclusive: false },
} as const satisfies Record<string, Thresholds>;

/**
 * What queued prompts call for under the targets "throughput", "latency" and "load": one more replica when any engine
 * is over the threshold, one less when all are under.
 */
export function prefillOpinion(
  passes: readonly PublishedPass[],
  workers: number,
  config: DynamoPlannerConfig,
  engine: EngineCapabilities,
): PoolOpinion {
  const { optimizationTarget: target, prefillScaleUpQueueTokens: up, prefillScaleDownQueueTokens: down } = config;
  if (workers === 0) return INSUFFICIENT_DATA;
  const queued = passes.map(({ pass }) => pass.sumQueuedPrefillTokens);
  if (target === "load") {
    if (up === null || down === null) return INSUFFICIENT_DATA;
    return compare(queued, { up, upInclusive: true, down, downInclusive: true }, workers, config);
  }
  const { contextLength } = engine;
  if (contextLength === null || contextLength <= 0) return INSUFFICIENT_DATA;
  return compare(
    queued.map((tokens) => tokens / contextLength),
    QUEUE_THRESHOLDS[target === "latency" ? "latency" : "throughput"],
    workers,
    config,
  );
}

/**
 * What the key-value cache calls for under the same targets. Queued prompts count as context to come in an aggregated
 * pool, not in a decode pool.
 */
export function cacheOpinion(
  passes: readonly PublishedPass[],
  workers: number,
  config: DynamoPlannerConfig,
  engine: EngineCapabilities,
): PoolOpinion {
  const { optimizationTarget: target, decodeScaleUpKvRate: up, decodeScaleDownKvRate: down } = config;
  if (engine.maxKvTokens <= 0 || workers === 0) return INSUFFICIENT_DATA;
  let thresholds: Thresholds = CACHE_THRESHOLDS[target === "latency" ? "latency" : "throughput"];
  if (target === "load") {
    if (up === null || down === null) return INSUFFICIENT_DATA;
    thresholds = { up: up / 100, upInclusive: true, down: down / 100, downInclusive: true };
  }
  const queuedPrefill = config.mode === "agg";
  return compare(
    passes.map(({ pass }) => {
      const context = pass.sumDecodeKvTokens + pass.sumQueuedDecodeKvTokens;
      return (context + (queuedPrefill ? pass.sumQueuedPrefillTokens : 0)) / engine.maxKvTokens;
    }),
    thresholds,
    workers,
    config,
  );
}

function compare(
  values: readonly number[],
  { up, upInclusive, down, downInclusive }: Thresholds,
  workers: number,
  { minEndpoint }: DynamoPlannerConfig,
): PoolOpinion {
  if (values.length === 0) return INSUFFICIENT_DATA;
  if (values.some((value) => (upInclusive ? value >= up : value > up))) return wants(workers + 1);
  const low = values.every((value) => (downInclusive ? value <= down : value < down));
  return workers > 1 && low ? wants(Math.max(workers - 1, minEndpoint)) : NO_CHANGE;
}
