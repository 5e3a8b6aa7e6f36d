import type { PoolName, PoolObservation, PublishedPass } from "../planner.ts";
import type { PhysicalBootstrap } from "./bootstrap.ts";
import { EngineEstimator } from "./engine-estimator.ts";
import type { PoolLoad } from "./load-scaling.ts";
import { PassCache } from "./pass-cache.ts";
import { PassTimeRegression } from "./pass-time-regression.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";
import type { DynamoPlannerConfig, EngineCapabilities } from "./planner-config.ts";

/** Limits assumed where an engine sets none. */
const UNBOUNDED_BATCHED_TOKENS = 8192;
const UNBOUNDED_SEQUENCES = 512;

/** One pool of the deployment and what the Dynamo planner knows of it. */
export class PlannedPool {
  readonly name: PoolName;
  readonly engine: EngineCapabilities;
  /** null with targets other than "sla": they look at queues, not at latencies. */
  readonly estimator: EngineEstimator | null;
  /** Least replicas, from the last throughput decision. */
  floor = 1;
  private readonly passes = new PassCache();
  /** The last target issued, until the pool has it. */
  private pendingTarget: number | null = null;

  /**
   * @param model pass times to start from in place of learned ones
   * @param physical the improved sweep to learn from first
   */
  constructor(
    name: PoolName,
    engine: EngineCapabilities,
    config: DynamoPlannerConfig,
    model: PassTimeModel | undefined,
    physical: PhysicalBootstrap | undefined,
  ) {
    this.name = name;
    this.engine = engine;
    this.estimator =
      config.optimizationTarget === "sla" ? createEstimator(name, engine, config, model, physical) : null;
  }

  /** Keeps what a tick publishes; returns the last pass of every worker and rank that is there. */
  update(pool: PoolObservation): readonly PublishedPass[] {
    this.passes.update(pool);
    return this.passes.all();
  }

  /** The pool as load scaling sees it; `floor` counts only where throughput scaling sets it. */
  load(pool: PoolObservation, passes: readonly PublishedPass[], floor: number): PoolLoad {
    const ready = pool.activeIds.length;
    const current = ready + pool.startingIds.length;
    const expected = this.pendingTarget ?? current;
    return {
      passes,
      workers: ready,
      scalingInProgress: expected !== ready || expected !== current,
      floor,
      engine: this.engine,
      estimator: this.estimator,
    };
  }

  /** Remembers a target until the pool has it; returns it when it would change the pool. */
  issue(pool: PoolObservation, target: number | null): number | null {
    const current = pool.activeIds.length + pool.startingIds.length;
    if (this.pendingTarget === current) this.pendingTarget = null;
    if (target === null || target === current) return null;
    this.pendingTarget = target;
    return target;
  }
}

function createEstimator(
  pool: PoolName,
  engine: EngineCapabilities,
  config: DynamoPlannerConfig,
  model: PassTimeModel | undefined,
  physical: PhysicalBootstrap | undefined,
): EngineEstimator {
  const limits = {
    maxBatchedTokens: engine.maxNumBatchedTokens ?? UNBOUNDED_BATCHED_TOKENS,
    maxSequences: engine.maxNumSeqs ?? UNBOUNDED_SEQUENCES,
    maxKvTokens: engine.maxKvTokens,
  };
  const regression = new PassTimeRegression({
    maxSamples: config.maxFpmSamples,
    minSamples: config.loadMinObservations,
    bins: config.fpmSampleBuckets,
    leastMs: physical?.leastMs,
  });
  const role = pool === "agg" ? "aggregated" : pool;
  const estimator = new EngineEstimator(role, limits, model ?? regression, config.maxFpmSamples);
  if (physical !== undefined && model === undefined) estimator.rehearse(physical.passes);
  return estimator;
}
