/**
 * The Dynamo planner's settings as the planner reads them: validated, every default filled in (planner-reference §1).
 * Settings of a live deployment are accepted and checked by `config/planner-schema.ts` and left out here.
 */
export interface DynamoPlannerConfig {
  /** One pool, or a prefill and a decode pool. */
  readonly mode: "agg" | "disagg";
  readonly optimizationTarget: OptimizationTarget;
  /** Forecasts traffic; only with target "sla". */
  readonly enableThroughputScaling: boolean;
  /** Reacts to the engines' load. */
  readonly enableLoadScaling: boolean;
  readonly throughputAdjustmentIntervalSeconds: number;
  readonly loadAdjustmentIntervalSeconds: number;
  /** Seconds between ticks. */
  readonly scaleIntervalSeconds: number;
  readonly ttftMs: number;
  readonly itlMs: number;
  /** Least replicas of a pool. */
  readonly minEndpoint: number;
  /** Most GPUs of all pools; negative = no bound. */
  readonly maxGpuBudget: number;
  /** Least GPUs of all pools; negative = no bound. */
  readonly minGpuBudget: number;
  readonly predictor: PredictorConfig;
  /** Percent of the SLA that may be used up after a scale-down. */
  readonly loadScalingDownSensitivity: number;
  readonly loadMinObservations: number;
  readonly maxFpmSamples: number;
  /** Bins samples are spread over; a perfect square. */
  readonly fpmSampleBuckets: number;
  /** Thresholds of target "load"; null with other targets. */
  readonly prefillScaleUpQueueTokens: number | null;
  readonly prefillScaleDownQueueTokens: number | null;
  readonly decodeScaleUpKvRate: number | null;
  readonly decodeScaleDownKvRate: number | null;
  /** Draft tokens a step, used when the engine does not say. */
  readonly speculativeNextn: number;
  /**
   * What the planner knows of pass times before the first tick: the reference's sweep, or one with mixed passes and the
   * least time a pass can take.
   */
  readonly bootstrap: "reference" | "physical";
}

/** What the planner optimises for. */
export type OptimizationTarget = "throughput" | "latency" | "load" | "sla";

/** Which forecast, and its settings. */
export interface PredictorConfig {
  readonly name: "constant" | "arima" | "kalman" | "prophet";
  /** Work on log(1 + value). */
  readonly log1p: boolean;
  readonly kalmanQLevel: number;
  readonly kalmanQTrend: number;
  readonly kalmanR: number;
  /** Intervals prophet looks back on. */
  readonly prophetWindowSize: number;
}

/** What one pool's engines can do; from the engine's own configuration. */
export interface EngineCapabilities {
  readonly gpusPerWorker: number;
  /** Tokens a pass may compute; null = unbounded. */
  readonly maxNumBatchedTokens: number | null;
  /** Most running requests; null = unbounded. */
  readonly maxNumSeqs: number | null;
  /** Longest context; null when the engine sets none. */
  readonly contextLength: number | null;
  /** Key-value tokens of all ranks of a worker. */
  readonly maxKvTokens: number;
  /** Draft tokens a step; 0 = no speculative decoding. */
  readonly nextn: number;
}

/** Capabilities of the pools a topology has: agg uses `decode` only. */
export interface PlannerCapabilities {
  readonly prefill: EngineCapabilities | null;
  readonly decode: EngineCapabilities;
}
