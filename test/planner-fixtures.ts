import { emptyForwardPass } from "../src/engine/forward-pass.ts";
import type { ForwardPass } from "../src/engine/forward-pass.ts";
import type {
  FrontEndGauges,
  Observation,
  Planner,
  PoolName,
  PoolObservation,
  PublishedPass,
  Targets,
  TrafficWindow,
  WorkerGauges,
} from "../src/planner/planner.ts";
import type { DynamoPlannerConfig, EngineCapabilities, PredictorConfig } from "../src/planner/dynamo/planner-config.ts";

/** Building blocks of planner tests. */

/** Settings of a predictor: the constant one, unless said otherwise. */
export function predictorConfig(overrides: Partial<PredictorConfig> = {}): PredictorConfig {
  return {
    name: "constant",
    log1p: false,
    kalmanQLevel: 1,
    kalmanQTrend: 0.1,
    kalmanR: 10,
    prophetWindowSize: 50,
    ...overrides,
  };
}

/** A configuration: sla with both loops, unless said otherwise. */
export function plannerConfig(overrides: Partial<DynamoPlannerConfig> = {}): DynamoPlannerConfig {
  return {
    mode: "agg",
    optimizationTarget: "sla",
    enableThroughputScaling: true,
    enableLoadScaling: true,
    throughputAdjustmentIntervalSeconds: 180,
    loadAdjustmentIntervalSeconds: 5,
    scaleIntervalSeconds: 5,
    ttftMs: 1500,
    itlMs: 20,
    minEndpoint: 1,
    maxGpuBudget: 8,
    minGpuBudget: -1,
    predictor: predictorConfig(),
    loadScalingDownSensitivity: 80,
    loadMinObservations: 5,
    maxFpmSamples: 64,
    fpmSampleBuckets: 16,
    prefillScaleUpQueueTokens: null,
    prefillScaleDownQueueTokens: null,
    decodeScaleUpKvRate: null,
    decodeScaleDownKvRate: null,
    speculativeNextn: 0,
    bootstrap: "reference",
    ...overrides,
  };
}

/** An engine of one GPU. */
export function capabilities(overrides: Partial<EngineCapabilities> = {}): EngineCapabilities {
  return {
    gpusPerWorker: 1,
    maxNumBatchedTokens: 8192,
    maxNumSeqs: 256,
    contextLength: null,
    maxKvTokens: 10_000,
    nextn: 0,
    ...overrides,
  };
}

/** The record of a worker. */
export function published(workerId: number, pass: Partial<ForwardPass> = {}, wallSeconds = 0): PublishedPass {
  return { workerId, rank: 0, wallSeconds, pass: { ...emptyForwardPass(), ...pass } };
}

/** A pool whose workers 0 … n−1 have published the given passes. */
export function pool(
  passes: readonly Partial<ForwardPass>[],
  overrides: Partial<PoolObservation> = {},
): PoolObservation {
  return {
    activeIds: passes.map((_, id) => id),
    startingIds: [],
    drainingIds: [],
    gpusPerWorker: 1,
    passes: passes.map((pass, id) => published(id, pass)),
    inFlight: 0,
    meanInFlight: 0,
    workers: passes.map((_, id) => gauges(id)),
    ...overrides,
  };
}

/** The gauges of an idle worker, unless said otherwise. */
export function gauges(id: number, overrides: Partial<WorkerGauges> = {}): WorkerGauges {
  return {
    id,
    state: "active",
    inFlight: 0,
    awaitingFirstToken: 0,
    awaitingInputTokens: 0,
    running: 0,
    waiting: 0,
    kvUtilisation: 0,
    busyShare: 0,
    ...overrides,
  };
}

/** No requests at all, unless said otherwise. */
export function frontEnd(overrides: Partial<FrontEndGauges> = {}): FrontEndGauges {
  return {
    inFlight: 0,
    awaitingFirstToken: 0,
    awaitingInputTokens: 0,
    oldestAwaitingSeconds: 0,
    atRouter: 0,
    atRouterInputTokens: 0,
    offeredInputTokens: 0,
    firstTokens: [],
    ...overrides,
  };
}

/** A window without any request. */
export function quietWindow(durationSeconds: number, overrides: Partial<TrafficWindow> = {}): TrafficWindow {
  return {
    durationSeconds,
    offeredRequests: 0,
    meanInputTokens: null,
    meanOutputTokens: null,
    completedRequests: 0,
    meanTtftMs: null,
    ttftCount: 0,
    meanItlMs: null,
    itlCount: 0,
    meanKvHitRate: null,
    kvHitRateCount: 0,
    meanAcceptLength: null,
    acceptLengthForwards: 0,
    ...overrides,
  };
}

/** What a planner sees at a tick. */
export function observation(
  nowSeconds: number,
  pools: Partial<Record<PoolName, PoolObservation>>,
  traffic: TrafficWindow = quietWindow(5),
  seen: FrontEndGauges = frontEnd(),
): Observation {
  return { nowSeconds, pools, traffic, frontEnd: seen };
}

/** Ticks a policy of an aggregated run: `replicas` are active and had so many requests in flight, on average. */
export function tickInFlight(
  policy: Planner,
  nowSeconds: number,
  meanInFlight: number,
  replicas: number,
  intervalSeconds: number,
): Targets {
  const workers = Array.from({ length: replicas }, () => ({}));
  return policy.onTick(observation(nowSeconds, { agg: pool(workers, { meanInFlight }) }, quietWindow(intervalSeconds)));
}
